/**
 * The file of an object: its body, then one line of JSON with its content type, hash and size, then a tail of fixed
 * length. Body and metadata are one file because only one file can be put in place atomically; the metadata comes last
 * because the hash is known last. A file that was cut off by a power failure has no valid tail and is never served.
 */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { LongshoreError, parseJson } from '@longshore/job';
import type { ObjectInfo } from '../object-store.ts';

const MAGIC = 'longshore-object-1';
/** ` longshore-object-1 000123\n`: the number is the length of everything after the body. */
const TAIL = /\n(\{[^\n]*\}) longshore-object-1 (\d{6})\n$/;
/** Longer than any trailer: a content type has at most 255 characters. */
const MAX_TRAILER_BYTES = 1_024;

/** Writes body and trailer to a new file. Resolves with the information that {@link readInfo} would give. */
export async function writeObjectFile(
  file: FileHandle,
  key: string,
  chunks: AsyncIterable<Uint8Array>,
  contentType: string | undefined,
): Promise<ObjectInfo> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.byteLength;
    await writeAll(file, chunk);
  }
  const etag = hash.digest('hex');
  const facts = JSON.stringify({
    bytes,
    sha256: etag,
    ...(contentType === undefined ? {} : { contentType }),
  });
  const length = Buffer.byteLength(`\n${facts} ${MAGIC} 000000\n`);
  await writeAll(file, Buffer.from(`\n${facts} ${MAGIC} ${String(length).padStart(6, '0')}\n`));
  const { mtimeMs } = await file.stat();
  return objectInfo(key, bytes, etag, mtimeMs, contentType);
}

/** What an open file says of its object. @throws LongshoreError `object_corrupt` when it is no whole object file. */
export async function readInfo(file: FileHandle, key: string): Promise<ObjectInfo> {
  const stats = await file.stat();
  const length = Math.min(MAX_TRAILER_BYTES, stats.size);
  const end = Buffer.alloc(length);
  if (stats.isFile()) await file.read(end, 0, length, stats.size - length);
  const match = TAIL.exec(end.toString('latin1'));
  const json = parseJson(match?.[1] ?? '');
  const facts = json.ok ? (json.value as Readonly<Record<string, unknown>>) : {};
  const { bytes, sha256, contentType } = facts;
  const isWhole =
    typeof bytes === 'number' && bytes + Number(match?.[2]) === stats.size && typeof sha256 === 'string';
  if (!isWhole)
    throw corrupt(
      key,
      'its file was cut off or was not written by this store; delete the key or write it again',
    );
  return objectInfo(
    key,
    bytes,
    sha256,
    stats.mtimeMs,
    typeof contentType === 'string' ? contentType : undefined,
  );
}

/** The error for what lies where an object should be and is none. */
export function corrupt(key: string, why: string): LongshoreError {
  return new LongshoreError('object_corrupt', `Cannot use object "${key}": ${why}`, { details: { key } });
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let offset = 0;
  while (offset < bytes.byteLength) {
    const { bytesWritten } = await file.write(bytes, offset);
    offset += bytesWritten;
  }
}

function objectInfo(
  key: string,
  bytes: number,
  etag: string,
  modifiedAtMs: number,
  contentType: string | undefined,
): ObjectInfo {
  return {
    key,
    bytes,
    etag,
    modifiedAtMs: Math.trunc(modifiedAtMs),
    ...(contentType === undefined ? {} : { contentType }),
  };
}
