/** Reads a PDF from the object store, within a limit, hashing it on the way. */
import { createHash } from 'node:crypto';
import { LongshoreError } from '@longshore/job';
import type { ObjectStore } from '@longshore/objects';

/** A PDF in memory. */
export interface StoredPdf {
  readonly bytes: Uint8Array;
  /** SHA-256, hex. */
  readonly sha256: string;
}

/** Options of {@link readPdf}. */
export interface ReadPdfOptions {
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

const MIB = 1_048_576;

/**
 * Reads a PDF, or `undefined` when there is no such object.
 *
 * @throws LongshoreError `too_large`, before the body is read where the store tells its size; and the errors of `get`
 */
export async function readPdf(
  objects: ObjectStore,
  key: string,
  { maxBytes, signal }: ReadPdfOptions,
): Promise<StoredPdf | undefined> {
  const found = await objects.get(key, signal === undefined ? {} : { signal });
  if (found === undefined) return undefined;
  const body = found.body[Symbol.asyncIterator]();
  if (found.bytes > maxBytes) {
    await body.return?.();
    throw tooLarge(key, found.bytes, maxBytes);
  }
  const hash = createHash('sha256');
  let buffer = Buffer.allocUnsafeSlow(found.bytes);
  let filled = 0;
  for await (const chunk of { [Symbol.asyncIterator]: () => body }) {
    signal?.throwIfAborted();
    const end = filled + chunk.length;
    if (end > maxBytes) throw tooLarge(key, end, maxBytes);
    // The store said less than it sends.
    if (end > buffer.length)
      buffer = Buffer.concat([buffer.subarray(0, filled)], Math.min(maxBytes, end * 2));
    buffer.set(chunk, filled);
    hash.update(chunk);
    filled = end;
  }
  return { bytes: buffer.subarray(0, filled), sha256: hash.digest('hex') };
}

function tooLarge(key: string, bytes: number, maxBytes: number): LongshoreError {
  return new LongshoreError(
    'too_large',
    `Object "${key}" has ${bytes} bytes or more, at most ${maxBytes} (${Math.round(maxBytes / MIB)} MiB) are extracted`,
    { details: { key, bytes, maxBytes } },
  );
}
