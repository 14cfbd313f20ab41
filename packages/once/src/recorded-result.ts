/**
 * Results of effects as the text that a store keeps. A result that cannot be kept is recorded as refused: the effect
 * has happened, so that forgetting it would repeat it.
 */
import { LongshoreError } from '@longshore/job';

/** Fits every store with its keys (DynamoDB: 400 KB an item). Larger results belong into an object store. */
export const MAX_RESULT_BYTES = 262_144;

/** Far above what results are, below what overflows the stack. */
const MAX_DEPTH = 200;

const SHOWN_CHARACTERS = 40;

/** The text to record for what an effect returned; for `undefined` too, which effects without a result return. */
export function encodeResult(value: unknown): string {
  try {
    const fault = jsonFault(value, 'The result', []);
    if (fault !== undefined) return refusal(fault);
    const record = JSON.stringify({ value });
    const bytes = Buffer.byteLength(record);
    if (bytes <= MAX_RESULT_BYTES) return record;
    return refusal(
      `The result has ${bytes} bytes of JSON, the limit is ${MAX_RESULT_BYTES}: store it and return its key`,
    );
  } catch (error) {
    // A getter or a proxy of the result threw.
    return refusal(`The result cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * What an effect returned, from its record.
 *
 * @throws LongshoreError `once_result_refused` when the effect ran and its result could not be recorded;
 * `once_corrupt` when the text is no record
 */
export function decodeResult(key: string, record: string): unknown {
  const parsed = parseRecord(record);
  if (parsed === undefined) {
    throw new LongshoreError(
      'once_corrupt',
      `The record of effect "${key}" is not one: "${record.slice(0, SHOWN_CHARACTERS)}"; find out who writes there`,
      { details: { key } },
    );
  }
  if (typeof parsed['refused'] === 'string') {
    throw new LongshoreError(
      'once_result_refused',
      `Effect "${key}" ran, but what it returned cannot be recorded, and it is not run again: ${parsed['refused']}`,
      { details: { key } },
    );
  }
  return parsed['value'];
}

function parseRecord(record: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(record);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function refusal(refused: string): string {
  return JSON.stringify({ refused });
}

/** Why a value would not come back as it went; `undefined` when it would. Properties that are `undefined` are left out. */
function jsonFault(value: unknown, path: string, ancestors: readonly object[]): string | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : `${path} is ${value}, which JSON does not have`;
    case 'undefined':
      return ancestors.length === 0 ? undefined : `${path} is undefined, which JSON does not have in arrays`;
    case 'bigint':
    case 'symbol':
    case 'function':
      return `${path} is a ${typeof value}, which JSON does not have`;
    case 'object':
      return value === null ? undefined : objectFault(value, path, ancestors);
  }
}

function objectFault(value: object, path: string, ancestors: readonly object[]): string | undefined {
  if (ancestors.includes(value)) return `${path} contains itself`;
  if (ancestors.length >= MAX_DEPTH) return `The result is nested more than ${MAX_DEPTH} levels deep`;
  const inner = [...ancestors, value];
  if (Array.isArray(value)) {
    // `Array.from` makes holes visible.
    return firstFault(
      Array.from(value as unknown[], (item, index) => jsonFault(item, `${path}[${index}]`, inner)),
    );
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return `${path} is of class ${classOf(value)}, not a plain object: return its fields or its text`;
  }
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  if (entries.some(([name, item]) => name === 'toJSON' && typeof item === 'function')) {
    return `${path} has a method toJSON: return what it gives`;
  }
  return firstFault(
    entries
      .filter(([, item]) => item !== undefined)
      .map(([name, item]) => jsonFault(item, `${path}.${name}`, inner)),
  );
}

function classOf(value: object): string {
  const { constructor } = value as { readonly constructor?: unknown };
  return typeof constructor === 'function' ? constructor.name : 'unknown';
}

function firstFault(faults: readonly (string | undefined)[]): string | undefined {
  return faults.find((fault) => fault !== undefined);
}
