/**
 * Reads one object of a fleet: every field by its kind and range, every fault noted with path, value and remedy.
 *
 * A reader never throws. After a fault it answers with a stand-in (NaN, '', []) so that reading goes on and all faults
 * come at once; comparisons with NaN are false, so a stand-in causes no second fault.
 */
import { formatDuration, parseDurationMs } from '@longshore/job';
import { faults, type Faults } from './faults.ts';
import { didYouMean } from './nearest.ts';

/** Allowed values of a number or duration. */
export type Range = RangeFrom & ({ readonly max: number } | { readonly below: number });

interface RangeFrom {
  readonly min: number;
  /** What stands in when the field is absent. Without it the field is required. */
  readonly fallback?: number;
  /** Why the range is so, for the message. */
  readonly reason?: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** An object that is being read. */
export class Section {
  readonly path: string;
  readonly #fields: Fields | undefined;
  readonly #faults: Faults;

  /** Notes a value that is no object, and keys that are not among `keys`. */
  constructor(value: unknown, path: string, keys: readonly string[], found: Faults) {
    this.path = path;
    this.#fields = isFields(value) ? value : undefined;
    this.#faults = found;
    if (this.#fields === undefined) {
      found.add(path === '' ? 'The fleet' : path, value, `an object with ${keys.join(', ')}`);
    }
    for (const key of Object.keys(this.#fields ?? {})) {
      if (keys.includes(key)) continue;
      const remedy = didYouMean(key, keys) || `, expected ${keys.join(', ')}`;
      found.say(`${this.#at(key)} is no field here${remedy}`);
    }
  }

  text(key: string, expected: string, accepts: (text: string) => boolean): string {
    const raw = this.#read(key);
    if (typeof raw === 'string' && accepts(raw)) return raw;
    this.#note(key, expected);
    return '';
  }

  wholeNumber(key: string, range: Range): number {
    const expected = `a whole number ${ends(range, String)}`;
    return this.#ranged(key, range, expected, (raw) => (Number.isInteger(raw) ? Number(raw) : undefined));
  }

  number(key: string, range: Range): number {
    const expected = `a number ${ends(range, String)}`;
    return this.#ranged(key, range, expected, (raw) => (typeof raw === 'number' ? raw : undefined));
  }

  durationMs(key: string, range: Range): number {
    return this.#ranged(key, range, `a duration ${ends(range, quotedDuration)}`, durationOf);
  }

  /** Whether there is anything at this key. */
  has(key: string): boolean {
    return this.#read(key) !== undefined;
  }

  list(key: string): readonly unknown[] {
    const raw = this.#read(key);
    if (Array.isArray(raw) && raw.length > 0) return raw;
    this.#note(key, 'a list with at least one entry');
    return [];
  }

  /** A nested object with these keys. */
  section(key: string, keys: readonly string[]): Section {
    // A parent that is no object has been noted; its children say nothing.
    const found = this.#fields === undefined ? faults() : this.#faults;
    return new Section(this.#read(key), this.#at(key), keys, found);
  }

  /** The entries of a nested object whose keys are free; at least one. */
  entries(key: string, expected: string): readonly (readonly [name: string, value: unknown])[] {
    const nested = this.#read(key);
    if (isFields(nested) && Object.keys(nested).length > 0) return Object.entries(nested);
    this.#note(key, expected);
    return [];
  }

  #ranged(key: string, range: Range, expected: string, parse: (raw: unknown) => number | undefined): number {
    const raw = this.#read(key);
    if (raw === undefined && range.fallback !== undefined) return range.fallback;
    const parsed = parse(raw);
    if (parsed !== undefined && isWithin(parsed, range)) return parsed;
    this.#note(key, `${expected}${range.reason === undefined ? '' : ` (${range.reason})`}`);
    return NaN;
  }

  #at(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }

  #read(key: string): unknown {
    return this.#fields !== undefined && Object.hasOwn(this.#fields, key) ? this.#fields[key] : undefined;
  }

  #note(key: string, expected: string): void {
    if (this.#fields !== undefined) this.#faults.add(this.#at(key), this.#read(key), expected);
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWithin(value: number, range: Range): boolean {
  return value >= range.min && ('max' in range ? value <= range.max : value < range.below);
}

function ends(range: Range, text: (value: number) => string): string {
  const end = 'max' in range ? text(range.max) : `below ${text(range.below)}`;
  return `from ${text(range.min)} to ${end}`;
}

function quotedDuration(durationMs: number): string {
  return `"${formatDuration(durationMs)}"`;
}

function durationOf(raw: unknown): number | undefined {
  if (typeof raw !== 'string') return undefined;
  try {
    return parseDurationMs(raw);
  } catch {
    return undefined;
  }
}
