/**
 * Reads an object that another process wrote, field by field, noting every fault with the value. Never throws: what is
 * wrong is noted, and a stand-in is returned so that reading goes on.
 */

/** A reader of one object. */
export interface FieldsReader {
  raw(key: string): unknown;
  /** A text of 1 to `maxCharacters`. */
  text(key: string, maxCharacters: number): string;
  /** One of a list that is not empty. */
  oneOf<Value extends string>(key: string, values: readonly [Value, ...Value[]]): Value;
  /** A whole number, from 0 or `min`. */
  count(key: string, min?: number): number;
  /** A finite number from 0. */
  readonly amount: (key: string) => number;
  flag(key: string): boolean;
  /** A list of at most `max` entries. */
  list(key: string, max: number): readonly unknown[];
  /** `{ [key]: value }` where the key is there and not undefined, else nothing. */
  optional<Key extends string, Value>(key: Key, read: (key: Key) => Value): { readonly [K in Key]?: Value };
}

/** A reader that adds to `faults`; `undefined` for what is no object. */
export function fieldsReader(object: unknown, faults: string[]): FieldsReader | undefined {
  if (typeof object !== 'object' || object === null || Array.isArray(object)) return undefined;
  const fields: Readonly<Record<string, unknown>> = { ...object };
  const note = <StandIn>(key: string, standIn: StandIn): StandIn => {
    faults.push(`${key} is ${show(fields[key])}`);
    return standIn;
  };
  return {
    raw: (key) => fields[key],
    text(key, maxCharacters) {
      const text = fields[key];
      const isFine = typeof text === 'string' && text.length >= 1 && text.length <= maxCharacters;
      return isFine ? text : note(key, '');
    },
    oneOf<Value extends string>(key: string, values: readonly [Value, ...Value[]]): Value {
      return values.find((each) => each === fields[key]) ?? note(key, values[0]);
    },
    count(key, min = 0) {
      const number = fields[key];
      return typeof number === 'number' && Number.isSafeInteger(number) && number >= min
        ? number
        : note(key, NaN);
    },
    amount(key) {
      const number = fields[key];
      return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : note(key, NaN);
    },
    flag(key) {
      const flag = fields[key];
      return typeof flag === 'boolean' ? flag : note(key, false);
    },
    list(key, max) {
      const value = fields[key];
      if (!Array.isArray(value)) return note(key, []);
      const list: readonly unknown[] = value;
      if (list.length <= max) return list;
      faults.push(`${key} has ${list.length} entries of at most ${max}`);
      return [];
    },
    optional<Key extends string, Value>(
      key: Key,
      read: (key: Key) => Value,
    ): { readonly [K in Key]?: Value } {
      if (fields[key] === undefined) return {};
      return { [key]: read(key) } as { readonly [K in Key]?: Value };
    },
  };
}

function show(value: unknown): string {
  if (typeof value === 'string') return `"${value.slice(0, 40)}"`;
  const isPlain = ['number', 'boolean', 'undefined'].includes(typeof value) || value === null;
  return isPlain ? String(value) : `a ${typeof value}`;
}
