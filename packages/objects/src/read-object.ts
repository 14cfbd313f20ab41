/** Whole objects at once, for small ones. */
import { LongshoreError, parseJson } from '@longshore/job';
import type { ObjectStore } from './object-store.ts';

/** Options of {@link readBytes}, {@link readText} and {@link readJson}. */
export interface ReadWholeOptions {
  /** Refuse objects above this size. Default 64 MiB: whole objects are held in memory; read larger ones as streams. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

/** Many times a normal document's text, a fraction of a worker's memory. */
const DEFAULT_MAX_BYTES = 67_108_864;

/**
 * The bytes of an object, or `undefined` when there is none.
 *
 * @throws LongshoreError `too_large` above `maxBytes`, before the body is read; and the errors of `get`
 */
export async function readBytes(
  store: ObjectStore,
  key: string,
  options: ReadWholeOptions = {},
): Promise<Buffer | undefined> {
  const { maxBytes = DEFAULT_MAX_BYTES, signal } = options;
  const found = await store.get(key, signal === undefined ? {} : { signal });
  if (found === undefined) return undefined;
  const chunks: Uint8Array[] = [];
  let bytes = found.bytes;
  if (bytes <= maxBytes) {
    bytes = 0;
    for await (const chunk of found.body) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) break;
      chunks.push(chunk);
    }
  } else {
    await found.body[Symbol.asyncIterator]().return?.();
  }
  if (bytes <= maxBytes) return Buffer.concat(chunks);
  throw new LongshoreError(
    'too_large',
    `Cannot read object "${key}" at once: it has ${bytes} bytes, the limit is ${maxBytes}; read it as a stream or raise maxBytes`,
    { details: { key, bytes, maxBytes } },
  );
}

/**
 * The text of an object, or `undefined` when there is none.
 *
 * @throws LongshoreError `object_corrupt` when it is not UTF-8; and the errors of {@link readBytes}
 */
export async function readText(
  store: ObjectStore,
  key: string,
  options: ReadWholeOptions = {},
): Promise<string | undefined> {
  const bytes = await readBytes(store, key, options);
  if (bytes === undefined) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new LongshoreError(
      'object_corrupt',
      `Cannot read object "${key}" as text: its bytes are not valid UTF-8`,
      {
        cause: error,
        details: { key },
      },
    );
  }
}

/**
 * The value of an object of JSON, or `undefined` when there is no object (JSON itself has no `undefined`). Parsed as
 * strictly as a message: see `parseJson` of `@longshore/job`. The caller checks its shape.
 *
 * @throws LongshoreError `object_corrupt` when it is not such JSON; and the errors of {@link readBytes}
 */
export async function readJson(
  store: ObjectStore,
  key: string,
  options: ReadWholeOptions = {},
): Promise<unknown> {
  const bytes = await readBytes(store, key, options);
  if (bytes === undefined) return undefined;
  const json = parseJson(bytes);
  if (json.ok) return json.value;
  throw new LongshoreError('object_corrupt', `Cannot read object "${key}" as JSON: ${json.fault.reason}`, {
    details: { key, fault: json.fault.code },
  });
}
