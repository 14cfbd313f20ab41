/** `put` and `create` from the body to the port's answer. */
import { systemClock } from '@longshore/job';
import { BodyFailure, openSource } from '../body.ts';
import { assertContentType } from '../content-type.ts';
import type { ObjectBody, ObjectInfo, WriteOptions } from '../object-store.ts';
import type { Bucket } from './bucket.ts';
import { partsOf } from './parts.ts';
import { s3Fault } from './s3-fault.ts';
import { newWrite, upload, withConflictRetry, type Uploaded } from './upload.ts';

/** Where and how a store uploads. */
export interface Uploads {
  readonly bucket: Bucket;
  readonly partBytes: number;
  readonly concurrency: number;
}

/** Writes an object, whatever is there. */
export async function putObject(
  uploads: Uploads,
  key: string,
  body: ObjectBody,
  write: WriteOptions,
): Promise<ObjectInfo> {
  const uploaded = await writeObject(uploads, key, body, write, false);
  if (!uploaded.created) throw new TypeError('An unconditional write was refused by a condition');
  const { bytes, etag } = uploaded;
  const { contentType } = write;
  // The answer to a write has no time; that of this machine differs from S3's by its clock's error.
  const modifiedAtMs = Math.trunc(systemClock.nowMs());
  return { key, bytes, etag, modifiedAtMs, ...(contentType === undefined ? {} : { contentType }) };
}

/** Writes an object; with `ifFree` only where none is. */
export async function writeObject(
  { bucket, partBytes, concurrency }: Uploads,
  key: string,
  body: ObjectBody,
  { contentType, contentDisposition, signal }: WriteOptions,
  ifFree: boolean,
): Promise<Uploaded> {
  const write = newWrite();
  const attempt = async (): Promise<Uploaded> => {
    const source = openSource(body, signal);
    try {
      const s3Key = bucket.keyIn(key);
      assertContentType(contentType);
      signal?.throwIfAborted();
      const parts = partsOf(source.chunks, partBytes);
      const headers = { contentType, contentDisposition };
      return await upload(bucket, s3Key, parts, { ...headers, ifFree, concurrency, signal, write });
    } finally {
      source.close();
    }
  };
  // After a conflict at its completion a multipart upload must be made again, which a stream cannot be.
  const canRepeat = ifFree && (typeof body === 'string' || body instanceof Uint8Array);
  try {
    return canRepeat ? await withConflictRetry(write, attempt, signal) : await attempt();
  } catch (error) {
    if (error instanceof BodyFailure) throw error.cause;
    signal?.throwIfAborted();
    throw s3Fault(`${ifFree ? 'create' : 'put'} object "${key}"`, error);
  }
}
