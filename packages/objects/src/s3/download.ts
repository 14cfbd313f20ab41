/** Downloads: one GetObject, its body streamed with backpressure. */
import { Readable } from 'node:stream';
import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { LongshoreError } from '@longshore/job';
import { singleUseBody } from '../body.ts';
import type { ObjectInfo, ReadOptions, StoredObject } from '../object-store.ts';
import { withFault, type Bucket } from './bucket.ts';
import { answerOf, isMissing } from './s3-fault.ts';

/** The object of a key, `undefined` when there is none. */
export async function download(
  bucket: Bucket,
  key: string,
  { range, signal }: ReadOptions,
): Promise<StoredObject | undefined> {
  const s3Key = bucket.keyIn(key);
  // Our own, because leaving a body early must end the request under it too.
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const Range = range === undefined ? {} : { Range: `bytes=${range.start}-${range.end ?? ''}` };
    const command = new GetObjectCommand({ Bucket: bucket.name, Key: s3Key, ...Range });
    const answer = await bucket.client.send(command, { abortSignal: controller.signal });
    if (range !== undefined && answer.ContentRange === undefined) {
      controller.abort();
      throw new LongshoreError(
        'unsupported',
        `Cannot read a range of object "${key}": the server ignores ranges`,
      );
    }
    return { ...infoOf(key, answer), body: bodyOf(key, answer, controller, signal) };
  } catch (error) {
    if (answerOf(error).status === 416) return await withoutBytes(bucket, key, signal);
    if (isMissing(error)) return undefined;
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

/** What an answer to GetObject or HeadObject says of an object. */
export function infoOf(
  key: string,
  answer: Pick<
    GetObjectCommandOutput,
    'ContentLength' | 'ContentRange' | 'ContentType' | 'ETag' | 'LastModified'
  >,
): ObjectInfo {
  const wholeBytes = /\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1];
  return {
    key,
    bytes: wholeBytes === undefined ? (answer.ContentLength ?? 0) : Number(wholeBytes),
    etag: answer.ETag ?? '',
    modifiedAtMs: answer.LastModified?.getTime() ?? 0,
    ...(answer.ContentType === undefined ? {} : { contentType: answer.ContentType }),
  };
}

/** S3 refuses a range past the end with 416; here it reads nothing, as with the other drivers. */
async function withoutBytes(
  bucket: Bucket,
  key: string,
  signal: AbortSignal | undefined,
): Promise<StoredObject | undefined> {
  const found = await bucket.head(bucket.keyIn(key), signal);
  if (found === undefined) return undefined;
  const nothing = { next: () => Promise.resolve(undefined), close: () => Promise.resolve() };
  return { ...infoOf(key, found), body: singleUseBody(nothing, signal) };
}

function bodyOf(
  key: string,
  answer: GetObjectCommandOutput,
  controller: AbortController,
  signal: AbortSignal | undefined,
): AsyncIterable<Uint8Array> {
  const stream = answer.Body;
  if (!(stream instanceof Readable))
    throw new TypeError('The body of GetObject is no Node.js stream: use the Node.js request handler');
  // Until it is read nobody listens, and an error of the connection must not end the process.
  stream.on('error', () => undefined);
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, undefined>;
  // A connection that ends before its Content-Length fails here, with Node.js's own error.
  const next = (): Promise<Uint8Array | undefined> =>
    withFault(`read object "${key}"`, signal, async () => (await chunks.next()).value);
  const close = async (): Promise<void> => {
    stream.destroy();
    controller.abort();
  };
  return singleUseBody({ next, close }, signal);
}
