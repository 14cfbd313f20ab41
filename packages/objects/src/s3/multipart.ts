/** A multipart upload, from its creation to its completion or removal. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3';
import { LongshoreError } from '@longshore/job';
import { orAborted } from '../body.ts';
import { requestOptions, type Bucket } from './bucket.ts';
import { answerOf } from './s3-fault.ts';
import type { Part } from './parts.ts';

/** What the upload becomes. */
export interface MultipartTarget {
  readonly Bucket: string;
  readonly Key: string;
  readonly Metadata: Record<string, string>;
  readonly ContentType?: string;
  readonly ContentDisposition?: string;
}

/** S3 takes at most 10,000 parts (Amazon S3 multipart upload limits). */
const MAX_PARTS = 10_000;
/** The caller may have given up already, so the removal has a limit of its own. */
const REMOVAL_TIMEOUT_MS = 15_000;

interface Session {
  readonly bucket: Bucket;
  readonly upload: { readonly Bucket: string; readonly Key: string; readonly UploadId: string };
  readonly checksum: { ChecksumAlgorithm?: 'CRC32' };
  /** Aborts every request of the upload. */
  readonly controller: AbortController;
  readonly concurrency: number;
}

/** Uploads parts, at most `concurrency` at a time, and completes the upload. When anything fails nothing is left. */
export async function uploadParts(
  bucket: Bucket,
  target: MultipartTarget,
  condition: { IfNoneMatch?: string },
  first: Part,
  rest: AsyncGenerator<Part, void, undefined>,
  options: { readonly concurrency: number; readonly signal: AbortSignal | undefined },
): Promise<{ readonly etag: string; readonly bytes: number }> {
  const { client } = bucket;
  const isChecked = (await client.config.requestChecksumCalculation()) === 'WHEN_SUPPORTED';
  const checksum: Session['checksum'] = isChecked ? { ChecksumAlgorithm: 'CRC32' } : {};
  const { UploadId } = await client.send(
    new CreateMultipartUploadCommand({ ...target, ...checksum }),
    requestOptions(options.signal),
  );
  if (UploadId === undefined) throw new TypeError('The answer to CreateMultipartUpload has no UploadId');
  const upload = { Bucket: target.Bucket, Key: target.Key, UploadId };
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(options.signal?.reason);
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    if (options.signal?.aborted === true) onAbort();
    const session = { bucket, upload, checksum, controller, concurrency: options.concurrency };
    const { parts, bytes } = await sendParts(session, first, rest);
    const complete = new CompleteMultipartUploadCommand({
      ...upload,
      ...condition,
      MultipartUpload: { Parts: parts },
    });
    const { ETag = '' } = await client.send(complete, requestOptions(controller.signal));
    return { etag: ETag, bytes };
  } catch (error) {
    await removeUpload(bucket, upload, error);
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
  }
}

async function sendParts(
  session: Session,
  first: Part,
  rest: AsyncGenerator<Part, void, undefined>,
): Promise<{ readonly parts: CompletedPart[]; readonly bytes: number }> {
  const parts: CompletedPart[] = [];
  const sending = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  let bytes = 0;
  const start = (part: Part): void => {
    const number = parts.push({});
    bytes += part.bytes.byteLength;
    const sent = sendPart(session, number, part.bytes)
      .then((completed) => {
        parts[number - 1] = completed;
      })
      .catch((error: unknown) => {
        failure ??= { error };
        session.controller.abort(error);
      })
      .finally(() => sending.delete(sent));
    sending.add(sent);
  };
  try {
    start(first);
    while (failure === undefined) {
      if (sending.size >= session.concurrency) await Promise.race(sending);
      // A failed part must end the upload even while the source stalls.
      const step = await orAborted(rest.next(), session.controller.signal);
      if (step.done === true) break;
      if (failure === undefined) start(step.value);
    }
  } catch (error) {
    // The source failed.
    failure ??= { error };
    session.controller.abort(error);
  }
  // A part that arrives after the removal of its upload would stay and be charged for.
  await Promise.all(sending);
  if (failure !== undefined) throw failure.error;
  return { parts, bytes };
}

async function sendPart(
  { bucket, upload, checksum, controller }: Session,
  number: number,
  body: Uint8Array,
): Promise<CompletedPart> {
  if (number > MAX_PARTS) {
    const message = `Cannot upload an object in more than ${MAX_PARTS} parts: raise partBytes, now ${body.byteLength}`;
    throw new LongshoreError('too_large', message, { details: { partBytes: body.byteLength } });
  }
  const command = new UploadPartCommand({ ...upload, ...checksum, PartNumber: number, Body: body });
  const { ETag, ChecksumCRC32 } = await bucket.client.send(command, requestOptions(controller.signal));
  if (ETag === undefined) throw new TypeError('The answer to UploadPart has no ETag');
  return { PartNumber: number, ETag, ...(ChecksumCRC32 === undefined ? {} : { ChecksumCRC32 }) };
}

/**
 * Removes an upload that failed. When that fails too, the first error is what the caller must see; the leftover is
 * invisible to readers, and a lifecycle rule (AbortIncompleteMultipartUpload) on the bucket removes it.
 */
async function removeUpload(bucket: Bucket, upload: Session['upload'], why: unknown): Promise<void> {
  if (answerOf(why).name === 'NoSuchUpload') return;
  try {
    await bucket.client.send(new AbortMultipartUploadCommand(upload), {
      abortSignal: AbortSignal.timeout(REMOVAL_TIMEOUT_MS),
    });
  } catch {
    // See above.
  }
}
