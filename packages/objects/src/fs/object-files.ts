/** Object files under a root: written, put in place, read, removed, listed. Knows no lifecycle. */
import { constants, link, mkdir, open, realpath, rename, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { isLongshoreError } from '@longshore/job';
import { openSource, singleUseBody, type Source } from '../body.ts';
import { assertContentType } from '../content-type.ts';
import { keyFault, parseKey } from '../key.ts';
import type { ObjectBody, ObjectInfo, ReadOptions, StoredObject, WriteOptions } from '../object-store.ts';
import { assertRange, rangeWithin } from '../range.ts';
import { folderPath, objectPath } from './file-name.ts';
import {
  existingFolder,
  madeFolder,
  pruneFolders,
  syncFolder,
  walkObjects,
  type Folders,
} from './folders.ts';
import { ifPresent, systemCode, withFault } from './fs-fault.ts';
import { corrupt, readInfo, writeObjectFile } from './object-file.ts';
import { temporaryFiles, type TemporaryFiles } from './temporary-files.ts';

/** How often a write makes its folder again when deletes of neighbours keep removing it. */
const MAX_PLACE_ATTEMPTS = 50;
const CHUNK_BYTES = 65_536;
/** Not through a link, and not waiting for the other end of a pipe that somebody put there. */
const READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Puts a finished file in place; whether it did. */
export type Place = (temporaryPath: string, path: string) => Promise<boolean>;

/** Replaces what is there. */
export const putInPlace: Place = async (temporaryPath, path) => {
  await rename(temporaryPath, path);
  return true;
};

/** Only where nothing is. */
export const createInPlace: Place = async (temporaryPath, path) => {
  try {
    await link(temporaryPath, path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
};

/** A root that is made and resolved at the first call, with its temporary files. */
export interface Root {
  folders(): Promise<Folders>;
  readonly temporary: TemporaryFiles;
}

/** A root that is not opened yet. After a failure the next call tries again. */
export function lazyRoot(path: string, isDurable: boolean): Root {
  let opening: Promise<Folders> | undefined;
  return {
    temporary: temporaryFiles(),
    folders() {
      opening ??= openRoot(path, isDurable).catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
      return opening;
    },
  };
}

/** Writes an object to a temporary file and puts it in place. */
export async function writeObject(
  root: Root,
  key: string,
  body: ObjectBody,
  { contentType, signal }: WriteOptions,
  place: Place,
): Promise<{ readonly info: ObjectInfo; readonly isPlaced: boolean }> {
  const source = openSource(body, signal);
  try {
    const names = objectPath(parseKey(key));
    assertContentType(contentType);
    const folders = await root.folders();
    return await root.temporary.using(folders, key, async ({ path, file }) => {
      const info = await fillFile(file, key, source, contentType, folders.isDurable);
      signal?.throwIfAborted();
      return { info, isPlaced: await putAway(folders, names, key, (target) => place(path, target)) };
    });
  } finally {
    source.close();
  }
}

/** An object with its body, `undefined` when there is none. */
export async function readObject(
  root: Root,
  key: string,
  { range, signal }: ReadOptions,
): Promise<StoredObject | undefined> {
  assertRange(range);
  const file = await openObject(root, key, signal);
  if (file === undefined) return undefined;
  try {
    const info = await readInfo(file, key);
    return { ...info, body: fileBody(file, info, range, signal) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** What is known of an object, `undefined` when there is none. */
export async function lookUpObject(
  root: Root,
  key: string,
  signal: AbortSignal | undefined,
): Promise<ObjectInfo | undefined> {
  const file = await openObject(root, key, signal);
  if (file === undefined) return undefined;
  try {
    return await readInfo(file, key);
  } finally {
    await file.close();
  }
}

/** Removes an object and the folders that it leaves empty. */
export async function removeObject(root: Root, key: string, signal: AbortSignal | undefined): Promise<void> {
  const names = objectPath(parseKey(key));
  signal?.throwIfAborted();
  const folders = await root.folders();
  const folder = await ifPresent(() => existingFolder(folders, names.slice(0, -1), key));
  if (folder === undefined) return;
  await ifPresent(() => unlink(join(folder, names.at(-1) ?? '')));
  await syncFolder(folders, folder);
  await pruneFolders(folders, names.slice(0, -1));
}

async function openRoot(root: string, isDurable: boolean): Promise<Folders> {
  await mkdir(root, { recursive: true });
  return { root: await realpath(root), isDurable };
}

async function fillFile(
  file: FileHandle,
  key: string,
  source: Source,
  contentType: string | undefined,
  isDurable: boolean,
): Promise<ObjectInfo> {
  try {
    const info = await writeObjectFile(file, key, source.chunks, contentType);
    if (isDurable) await file.sync();
    return info;
  } finally {
    await file.close();
  }
}

async function putAway(
  folders: Folders,
  names: readonly string[],
  key: string,
  place: (path: string) => Promise<boolean>,
): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const folder = await madeFolder(folders, names.slice(0, -1), key);
      const placed = await place(join(folder, names.at(-1) ?? ''));
      if (placed) await syncFolder(folders, folder);
      return placed;
    } catch (error) {
      // A delete of the last neighbour removed the folder between the two steps.
      if (systemCode(error) !== 'ENOENT' || attempt === MAX_PLACE_ATTEMPTS) throw error;
    }
  }
}

async function openObject(
  root: Root,
  key: string,
  signal: AbortSignal | undefined,
): Promise<FileHandle | undefined> {
  const names = objectPath(parseKey(key));
  signal?.throwIfAborted();
  const folders = await root.folders();
  try {
    return await ifPresent(async () => {
      const folder = await existingFolder(folders, names.slice(0, -1), key);
      return await open(join(folder, names.at(-1) ?? ''), READ_FLAGS);
    });
  } catch (error) {
    if (systemCode(error) === 'ELOOP') throw corrupt(key, 'a symbolic link lies in its place');
    throw error;
  }
}

function fileBody(
  file: FileHandle,
  info: ObjectInfo,
  range: ReadOptions['range'],
  signal: AbortSignal | undefined,
): AsyncIterable<Uint8Array> {
  const { from, to } = rangeWithin(range, info.bytes);
  let position = from;
  const next = async (): Promise<Uint8Array | undefined> => {
    if (position >= to) return undefined;
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, to - position));
    const { bytesRead } = await withFault(`read object "${info.key}"`, () =>
      file.read(buffer, 0, buffer.byteLength, position),
    );
    if (bytesRead === 0) throw corrupt(info.key, 'its file became shorter while it was read');
    position += bytesRead;
    return buffer.subarray(0, bytesRead);
  };
  return singleUseBody({ next, close: () => file.close() }, signal);
}

/** The objects whose keys start with a prefix, in key order. */
export async function* listObjects(root: Root, prefix: string): AsyncGenerator<ObjectInfo, void, undefined> {
  const folders = await root.folders();
  const segments = prefix.split('/').slice(0, -1);
  const folder = await ifPresent(() => existingFolder(folders, folderPath(segments), prefix));
  if (folder === undefined) return;
  const keyOfFolder = Buffer.from(segments.map((segment) => `${segment}/`).join(''));
  for await (const found of walkObjects(folder, keyOfFolder, Buffer.from(prefix))) {
    const key = found.key.toString();
    if (keyFault(key) !== undefined || !Buffer.from(key).equals(found.key)) continue;
    const info = await listedInfo(found.path, key);
    if (info !== undefined) yield info;
  }
}

/** `undefined` for an object that was deleted meanwhile, and for files that are none: one of them hides no others. */
async function listedInfo(path: string, key: string): Promise<ObjectInfo | undefined> {
  const file = await ifPresent(() => open(path, READ_FLAGS));
  if (file === undefined) return undefined;
  try {
    return await readInfo(file, key);
  } catch (error) {
    if (isLongshoreError(error, 'object_corrupt')) return undefined;
    throw error;
  } finally {
    await file.close();
  }
}
