/** Values as JSON objects, with their content type. */
import { LongshoreError } from '@longshore/job';
import type { ObjectInfo, ObjectStore } from './object-store.ts';

const CONTENT_TYPE = 'application/json';

/** Options of {@link writeJson} and {@link createJson}. */
export interface WriteJsonOptions {
  readonly signal?: AbortSignal;
}

/** Puts a value as JSON. @throws LongshoreError `invalid_payload` when it has no JSON form; and the errors of `put` */
export async function writeJson(
  store: ObjectStore,
  key: string,
  value: unknown,
  options: WriteJsonOptions = {},
): Promise<ObjectInfo> {
  return await store.put(key, encodeJson(key, value), { ...options, contentType: CONTENT_TYPE });
}

/** Creates an object of JSON if the key is free. @throws LongshoreError as {@link writeJson} */
export async function createJson(
  store: ObjectStore,
  key: string,
  value: unknown,
  options: WriteJsonOptions = {},
): Promise<{ readonly created: boolean }> {
  return await store.create(key, encodeJson(key, value), { ...options, contentType: CONTENT_TYPE });
}

function encodeJson(key: string, value: unknown): string {
  let cause: unknown;
  try {
    // `JSON.stringify` gives `undefined` for undefined, functions and symbols, whatever its type says.
    const text: unknown = JSON.stringify(value);
    if (typeof text === 'string') return text;
  } catch (error) {
    cause = error;
  }
  const why = cause instanceof Error ? cause.message : `a value of type ${typeof value} has no JSON form`;
  throw new LongshoreError('invalid_payload', `Cannot write object "${key}" as JSON: ${why}`, {
    cause,
    details: { key },
  });
}
