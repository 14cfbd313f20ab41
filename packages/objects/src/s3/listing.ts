/** Listings of a bucket, page by page, in key order. */
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { LongshoreError } from '@longshore/job';
import { compareKeys, keyFault } from '../key.ts';
import type { ObjectInfo } from '../object-store.ts';
import { requestOptions, type Bucket } from './bucket.ts';

/** A page of a listing. */
export interface Page {
  readonly objects: readonly ObjectInfo[];
}

/**
 * Pages in key order. Amazon S3 lists general purpose buckets in UTF-8 byte order; some emulators sort by locale, and
 * S3 directory buckets do not sort. One page is sorted here. Several pages out of order cannot be (and with a server
 * that pages by comparing keys, objects are missing), so they are refused.
 */
export async function* listPages(
  bucket: Bucket,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Page, void, undefined> {
  let token: string | undefined;
  let last = '';
  let isFirst = true;
  do {
    const command = new ListObjectsV2Command({
      Bucket: bucket.name,
      Prefix: bucket.folder + prefix,
      ...(token === undefined ? {} : { ContinuationToken: token }),
    });
    const {
      Contents = [],
      NextContinuationToken,
      IsTruncated,
    } = await bucket.client.send(command, requestOptions(signal));
    token = IsTruncated === true ? NextContinuationToken : undefined;
    if (IsTruncated === true && token === undefined)
      throw new TypeError('The answer to ListObjectsV2 is truncated and has no token');
    const keys = Contents.map(({ Key = '' }) => Key);
    if ((token !== undefined || !isFirst) && !inOrder([last, ...keys])) throw unordered(bucket.name);
    last = keys.at(-1) ?? last;
    isFirst = false;
    const objects = Contents.map(({ Key = '', Size = 0, ETag = '', LastModified }) => ({
      key: Key.slice(bucket.folder.length),
      bytes: Size,
      etag: ETag,
      modifiedAtMs: LastModified?.getTime() ?? 0,
    }));
    // Other programs' objects, such as the "folders" of the S3 console, can have keys that are none here.
    yield {
      objects: objects
        .filter(({ key }) => keyFault(key) === undefined)
        .sort((a, b) => compareKeys(a.key, b.key)),
    };
  } while (token !== undefined);
}

function inOrder(keys: readonly string[]): boolean {
  return keys.every((key, index) => index === 0 || compareKeys(keys[index - 1] ?? '', key) < 0);
}

function unordered(bucketName: string): LongshoreError {
  return new LongshoreError(
    'unsupported',
    `Cannot list bucket "${bucketName}" past its first page: the server does not list keys in UTF-8 byte order, so objects ` +
      'could be missed; use a general purpose bucket of Amazon S3, or a server that keeps its order',
  );
}
