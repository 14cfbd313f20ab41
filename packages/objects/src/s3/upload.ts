/**
 * Uploads: one request for a body of up to one part, else a multipart upload. Every request is sent from memory, so
 * the SDK can repeat it; memory is bounded by part size times concurrency.
 *
 * Not built on `@aws-sdk/lib-storage`: its abort answers before the upload is cleaned up and does not reach requests
 * under way, and a stalled source keeps it for ever.
 */
import { randomUUID } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { LongshoreError, nextDelayMs, retryPolicy, sleep } from '@longshore/job';
import type { Part } from './parts.ts';
import { requestOptions, type Bucket } from './bucket.ts';
import { uploadParts } from './multipart.ts';
import { answerOf, isConflict, isTaken } from './s3-fault.ts';

/** What is uploaded, and how. */
export interface UploadOptions {
  readonly contentType: string | undefined;
  readonly contentDisposition: string | undefined;
  /** Whether the key must be free. */
  readonly ifFree: boolean;
  readonly concurrency: number;
  readonly signal: AbortSignal | undefined;
  readonly write: Write;
}

/** One write, however often it is sent. */
export interface Write {
  /** Stored with the object, so that its writer recognises it when the answer to it was lost. */
  readonly id: string;
  /** Whether it was sent before, so that what stands under its key may be its own. */
  wasSent: boolean;
}

/** A write that was not sent yet. */
export function newWrite(): Write {
  return { id: randomUUID(), wasSent: false };
}

/** Result of an upload. `created: false` only with `ifFree`. */
export type Uploaded =
  | { readonly created: true; readonly etag: string; readonly bytes: number }
  | { readonly created: false };

/** The metadata that holds {@link Write.id}. */
const WRITE_ID = 'longshore-write';

/** Another writer of the same key finishes within moments. */
const CONFLICT_RETRY = retryPolicy({ maxAttempts: 8, baseDelayMs: 50, maxDelayMs: 2_000 });

/** Uploads a body from its parts. */
export async function upload(
  bucket: Bucket,
  s3Key: string,
  parts: AsyncGenerator<Part, void, undefined>,
  options: UploadOptions,
): Promise<Uploaded> {
  const { contentType, contentDisposition, ifFree, signal, write } = options;
  const target = {
    Bucket: bucket.name,
    Key: s3Key,
    Metadata: { [WRITE_ID]: write.id },
    ...(contentType === undefined ? {} : { ContentType: contentType }),
    ...(contentDisposition === undefined ? {} : { ContentDisposition: contentDisposition }),
  };
  const condition = ifFree ? { IfNoneMatch: '*' } : {};
  const first = await parts.next();
  if (first.done === true) throw new TypeError('A body has at least one part');
  const { bytes, isLast } = first.value;
  try {
    if (!isLast)
      return {
        created: true,
        ...(await uploadParts(bucket, target, condition, first.value, parts, options)),
      };
    const command = new PutObjectCommand({ ...target, ...condition, Body: bytes });
    const send = () => bucket.client.send(command, requestOptions(signal));
    const { ETag = '' } = ifFree ? await withConflictRetry(write, send, signal) : await send();
    return { created: true, etag: ETag, bytes: bytes.byteLength };
  } catch (error) {
    return await judge(bucket, s3Key, write, error, signal);
  }
}

/** Repeats a step as long as S3 answers that another conditional write of the key is under way. */
export async function withConflictRetry<Result>(
  write: Write,
  step: () => Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await step();
    } catch (error) {
      if (!isConflict(error)) throw error;
      if (attempt === CONFLICT_RETRY.maxAttempts) throw tooManyConflicts(error);
      write.wasSent = true;
    }
    await sleep(nextDelayMs(CONFLICT_RETRY, attempt), signal === undefined ? {} : { signal });
    signal?.throwIfAborted();
  }
}

/**
 * Whether a failed write was ours all the same. When the answer to a request is lost the SDK repeats it, and the
 * repetition meets what the first one wrote: 412 for a condition, an unknown upload for a completed one.
 */
async function judge(
  bucket: Bucket,
  s3Key: string,
  write: Write,
  error: unknown,
  signal: AbortSignal | undefined,
): Promise<Uploaded> {
  const { name, attempts = 2 } = answerOf(error);
  const mayBeOurs = (write.wasSent || attempts > 1) && (isTaken(error) || name === 'NoSuchUpload');
  const found = mayBeOurs ? await bucket.head(s3Key, signal) : undefined;
  if (found?.Metadata?.[WRITE_ID] === write.id) {
    return { created: true, etag: found.ETag ?? '', bytes: found.ContentLength ?? 0 };
  }
  if (isTaken(error)) return { created: false };
  throw error;
}

function tooManyConflicts(cause: unknown): LongshoreError {
  const message = `Cannot create an object: S3 answered ${CONFLICT_RETRY.maxAttempts} times that another write of its key is under way`;
  return new LongshoreError('object_store_unavailable', message, { cause, retryable: true });
}
