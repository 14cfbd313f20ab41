/** What the parts of the driver share: one bucket, the folder of this store in it, and how a request is sent. */
import {
  HeadBucketCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { LongshoreError } from '@longshore/job';
import { assertKey, MAX_KEY_BYTES } from '../key.ts';
import { isMissing, s3Fault } from './s3-fault.ts';

/** A bucket, seen from one store. */
export interface Bucket {
  readonly client: S3Client;
  readonly name: string;
  /** Before every key; empty, or ends with a slash. */
  readonly folder: string;
  /** The S3 key of a key of the store. @throws LongshoreError `invalid_key` */
  keyIn(key: string): string;
  /** What S3 knows of an S3 key, `undefined` when there is no object. Fails when there is no bucket. */
  head(s3Key: string, signal: AbortSignal | undefined): Promise<HeadObjectCommandOutput | undefined>;
}

/** A bucket with the driver's checks. */
export function openBucket(client: S3Client, name: string, prefix: string): Bucket {
  const folder = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
  if (folder !== '') assertKey(folder.slice(0, -1));
  let isSeen = false;
  return {
    client,
    name,
    folder,
    keyIn(key) {
      assertKey(key);
      const bytes = Buffer.byteLength(folder + key);
      if (bytes <= MAX_KEY_BYTES) return folder + key;
      const message = `Cannot use a key of ${bytes} bytes with the prefix "${prefix}": S3 takes ${MAX_KEY_BYTES}`;
      throw new LongshoreError('invalid_key', message, { details: { key, bytes } });
    },
    async head(s3Key, signal) {
      const options = requestOptions(signal);
      try {
        const found = await client.send(new HeadObjectCommand({ Bucket: name, Key: s3Key }), options);
        isSeen = true;
        return found;
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
      // The answer to HEAD has no body, so a missing bucket looks like a missing object: asked once.
      if (!isSeen) await assertBucket(client, name, signal);
      isSeen = true;
      return undefined;
    },
  };
}

/** Request options with the caller's signal. */
export function requestOptions(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

/** Runs a step of a call; throws the signal's reason once aborted, else what {@link s3Fault} makes of a failure. */
export async function withFault<Result>(
  action: string,
  signal: AbortSignal | undefined,
  step: () => Promise<Result>,
): Promise<Result> {
  try {
    signal?.throwIfAborted();
    return await step();
  } catch (error) {
    signal?.throwIfAborted();
    throw s3Fault(action, error);
  }
}

async function assertBucket(client: S3Client, name: string, signal: AbortSignal | undefined): Promise<void> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: name }), requestOptions(signal));
  } catch (error) {
    // Other answers, such as 403 without s3:ListBucket, say nothing about it.
    if (!isMissing(error)) return;
    const message = `Cannot use bucket "${name}": it does not exist; create the bucket or correct its name`;
    throw new LongshoreError('object_store_unavailable', message, { cause: error, retryable: true });
  }
}
