/**
 * Objects in a bucket of Amazon S3 or a server that speaks its API. The caller builds the client, and with it decides
 * on region, credentials, endpoint, timeouts and the number of retries; this driver never closes it.
 */
import { DeleteObjectCommand, GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { LongshoreError, systemClock } from '@longshore/job';
import { openGate } from '../gate.ts';
import { assertPrefix } from '../key.ts';
import type { ObjectStore } from '../object-store.ts';
import { assertRange } from '../range.ts';
import { openBucket, requestOptions, withFault, type Bucket } from './bucket.ts';
import { download, infoOf } from './download.ts';
import { listPages } from './listing.ts';
import { isMissing } from './s3-fault.ts';
import { putObject, writeObject } from './write-object.ts';

/** Options of {@link s3ObjectStore}. */
export interface S3ObjectStoreOptions {
  /** Built, configured and destroyed by the caller. Give it request timeouts: the SDK's default is none. */
  readonly client: S3Client;
  readonly bucket: string;
  /** Folder of this store in the bucket; a slash at its end may be left out. It counts to a key's 1,024 bytes. Default: none. */
  readonly prefix?: string;
  /**
   * Bodies above this size are uploaded in parts of this size. From 5 MiB (S3's minimum for a part) to 5 GiB, default
   * 8 MiB. An object has at most 10,000 parts: 78 GiB by default.
   */
  readonly partBytes?: number;
  /** Parts of one body that are uploaded at a time; each is held in memory. From 1 to 100, default 4. */
  readonly uploadConcurrency?: number;
}

const MIN_PART_BYTES = 5_242_880;
const MAX_PART_BYTES = 5_368_709_120;
/** Few requests for large bodies, and 32 MiB of memory for an upload at full concurrency. */
const DEFAULT_PART_BYTES = 8_388_608;
const DEFAULT_UPLOAD_CONCURRENCY = 4;
/** Longest life of a URL signed with signature version 4. */
const MAX_PRESIGN_MS = 604_800_000;

/**
 * An object store in an S3 bucket. Nothing is sent before the first call.
 *
 * `create` asks for `If-None-Match: *`, which some S3-compatible servers ignore: run `verifyConditionalCreate` at start
 * wherever an endpoint other than AWS may be configured.
 *
 * @throws LongshoreError `invalid_options`, all faults in one message; `invalid_key` for the prefix
 */
export function s3ObjectStore(options: S3ObjectStoreOptions): ObjectStore {
  assertOptions(options);
  const {
    client,
    partBytes = DEFAULT_PART_BYTES,
    uploadConcurrency: concurrency = DEFAULT_UPLOAD_CONCURRENCY,
  } = options;
  const bucket = openBucket(client, options.bucket, options.prefix ?? '');
  const uploads = { bucket, partBytes, concurrency };
  const gate = openGate('S3 object store');
  const run = <Result>(
    action: string,
    signal: AbortSignal | undefined,
    step: () => Promise<Result>,
  ): Promise<Result> => gate.run(() => withFault(action, signal, step));
  return {
    capabilities: { conditionalCreate: 'unverified', presignedReads: true },
    put: (key, body, write = {}) => gate.run(() => putObject(uploads, key, body, write)),
    create: (key, body, write = {}) =>
      gate.run(async () => ({
        created: (await writeObject(uploads, key, body, write, true)).created,
      })),
    get: (key, read = {}) =>
      run(`get object "${key}"`, read.signal, async () => {
        assertRange(read.range);
        return await download(bucket, key, read);
      }),
    head: (key, { signal } = {}) =>
      run(`look up object "${key}"`, signal, async () => {
        const found = await bucket.head(bucket.keyIn(key), signal);
        return found === undefined ? undefined : infoOf(key, found);
      }),
    delete: (key, { signal } = {}) =>
      run(`delete object "${key}"`, signal, () => deleteObject(bucket, bucket.keyIn(key), signal)),
    async *list(prefix, { signal } = {}) {
      gate.assertOpen();
      assertPrefix(prefix);
      const pages = listPages(bucket, prefix, signal);
      for (;;) {
        const page = await run(`list objects under "${prefix}"`, signal, () => pages.next());
        if (page.done === true) return;
        for (const info of page.value.objects) {
          gate.assertOpen();
          signal?.throwIfAborted();
          yield info;
        }
      }
    },
    presign: (key, { expiresInMs }) =>
      run(`presign object "${key}"`, undefined, async () => {
        const command = new GetObjectCommand({ Bucket: bucket.name, Key: bucket.keyIn(key) });
        const expiresIn = presignSeconds(expiresInMs);
        await assertCredentialsLast(client, expiresInMs);
        return new URL(await getSignedUrl(client, command, { expiresIn }));
      }),
    close: () => gate.close(),
    [Symbol.asyncDispose]: () => gate.close(),
  };
}

async function deleteObject(bucket: Bucket, s3Key: string, signal: AbortSignal | undefined): Promise<void> {
  try {
    await bucket.client.send(
      new DeleteObjectCommand({ Bucket: bucket.name, Key: s3Key }),
      requestOptions(signal),
    );
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

function assertOptions({ bucket, partBytes, uploadConcurrency }: S3ObjectStoreOptions): void {
  const faults: string[] = [];
  if (typeof bucket !== 'string' || bucket === '')
    faults.push('bucket is empty, expected the name of a bucket');
  if (partBytes !== undefined && !isWholeWithin(partBytes, MIN_PART_BYTES, MAX_PART_BYTES)) {
    faults.push(
      `partBytes is ${partBytes}, expected a whole number from ${MIN_PART_BYTES} to ${MAX_PART_BYTES}`,
    );
  }
  if (uploadConcurrency !== undefined && !isWholeWithin(uploadConcurrency, 1, 100)) {
    faults.push(`uploadConcurrency is ${uploadConcurrency}, expected a whole number from 1 to 100`);
  }
  if (faults.length > 0)
    throw new LongshoreError('invalid_options', `Cannot open an S3 object store: ${faults.join('; ')}`);
}

function presignSeconds(expiresInMs: number): number {
  if (expiresInMs >= 1_000 && expiresInMs <= MAX_PRESIGN_MS) return Math.floor(expiresInMs / 1_000);
  const message = `Cannot presign for ${expiresInMs} ms: expiresInMs goes from 1000 to ${MAX_PRESIGN_MS} (7 days)`;
  throw new LongshoreError('invalid_options', message);
}

/** A URL dies with the session that signed it, whatever it says: what cannot be kept is not promised. */
async function assertCredentialsLast(client: S3Client, expiresInMs: number): Promise<void> {
  const { expiration } = await client.config.credentials();
  if (expiration === undefined) return;
  const leftMs = Math.round(expiration.getTime() - systemClock.nowMs());
  if (leftMs >= expiresInMs) return;
  throw new LongshoreError(
    'invalid_options',
    `Cannot presign for ${expiresInMs} ms: the credentials expire in ${leftMs} ms; presign for less, or on demand`,
    { details: { expiresInMs, leftMs } },
  );
}

function isWholeWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
