/** Faults of a fleet, gathered so that all are reported at once, and how a wrong value is shown in one. */

/** Faults found so far, in the order of the fleet. */
export interface Faults {
  readonly list: readonly string[];
  /** Notes that the value at `path` is not what was expected. */
  add(path: string, value: unknown, expected: string): void;
  /** Notes a fault that is no wrong value. */
  say(text: string): void;
}

/** An empty list of faults. */
export function faults(): Faults {
  const list: string[] = [];
  return {
    list,
    add: (path, value, expected) => {
      list.push(`${path} is ${show(value)}, expected ${expected}`);
    },
    say: (text) => {
      list.push(text);
    },
  };
}

/** Longest value shown in a fault. */
const SHOWN_CHARACTERS = 60;

function show(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  let text: string;
  try {
    // `toJSON` of a foreign object may answer undefined, cycles throw.
    text = JSON.stringify(value) ?? 'an object';
  } catch {
    text = Array.isArray(value) ? 'a list' : 'an object';
  }
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}…`;
}
