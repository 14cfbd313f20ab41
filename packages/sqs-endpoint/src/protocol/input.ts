/** Reads the members of a JSON request. A member of the wrong type is refused before anything is done. */
import { invalidValue, missing, SqsFault } from './fault.ts';

/** The members of a request or of an entry. */
export type Input = Readonly<Record<string, unknown>>;

/** Lowest and highest value. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** Whether a value is a JSON object. */
export function isInput(value: unknown): value is Input {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text that may be absent. */
export function optionalText(input: Input, name: string): string | undefined {
  const value = input[name] ?? undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw wrongType(name, 'a string');
}

/** A text that has to be there and not empty. */
export function text(input: Input, name: string): string {
  const value = optionalText(input, name);
  if (value === undefined || value === '') throw missing(name);
  return value;
}

/** A whole number in its range; `undefined` when absent. */
export function optionalInteger(input: Input, name: string, { low, high }: Range): number | undefined {
  const value = input[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value)) throw wrongType(name, 'an integer');
  if (value >= low && value <= high) return value;
  throw invalidValue(value, name, `Must be between ${low} and ${high}, if provided.`);
}

/** A list of texts; empty when absent. */
export function texts(input: Input, name: string): readonly string[] {
  const value = input[name] ?? [];
  if (!Array.isArray(value)) throw wrongType(name, 'a list of strings');
  return value.map((each: unknown) => {
    if (typeof each !== 'string') throw wrongType(name, 'a list of strings');
    return each;
  });
}

/** A map of texts; empty when absent. */
export function textMap(input: Input, name: string): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(inputMap(input, name)).map(([key, value]) => {
      if (typeof value !== 'string') throw wrongType(`${name}.${key}`, 'a string');
      return [key, value];
    }),
  );
}

/** A map of anything; empty when absent. */
export function inputMap(input: Input, name: string): Input {
  const value = input[name] ?? {};
  if (!isInput(value)) throw wrongType(name, 'an object');
  return value;
}

/** A list of objects; empty when absent. */
export function inputs(input: Input, name: string): readonly Input[] {
  const value = input[name] ?? [];
  if (!Array.isArray(value)) throw wrongType(name, 'a list of objects');
  return value.map((each: unknown) => {
    if (!isInput(each)) throw wrongType(name, 'a list of objects');
    return each;
  });
}

function wrongType(name: string, expected: string): SqsFault {
  return new SqsFault('SerializationException', `${name} is not ${expected}`);
}
