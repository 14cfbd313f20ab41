/**
 * The folders under the root: made on demand, removed when empty, walked in key order. A path is used only after it was
 * seen to be free of symbolic links, so that a link which lies in the root cannot lead a key out of it. (This guards
 * against links that are there, not against a process that swaps them in at the same time: who can write in the root
 * can change the objects anyway.)
 */
import { mkdir, open, readdir, realpath, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { corrupt } from './object-file.ts';
import { ifPresent, systemCode } from './fs-fault.ts';
import { parseName, type EntryKind } from './file-name.ts';

/** Folders under one root, which exists and has no symbolic link in its path. */
export interface Folders {
  readonly root: string;
  readonly isDurable: boolean;
}

/** The path of a folder. Fails with ENOENT when there is none, with `object_corrupt` when a link leads elsewhere. */
export async function existingFolder(
  { root }: Folders,
  names: readonly string[],
  key: string,
): Promise<string> {
  const path = join(root, ...names);
  if ((await realpath(path)) !== path)
    throw corrupt(key, `a symbolic link lies on its path ${path}; remove the link`);
  return path;
}

/** The path of a folder, made when missing. Fails with ENOENT when a parent is removed meanwhile: call again. */
export async function madeFolder(folders: Folders, names: readonly string[], key: string): Promise<string> {
  const existing = await ifPresent(() => existingFolder(folders, names, key));
  if (existing !== undefined) return existing;
  if (names.length === 0) {
    await mkdir(folders.root, { recursive: true });
    return folders.root;
  }
  const parent = await madeFolder(folders, names.slice(0, -1), key);
  try {
    await mkdir(join(folders.root, ...names));
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
  await syncFolder(folders, parent);
  return existingFolder(folders, names, key);
}

/** Makes what was linked into or removed from a folder survive a power failure. */
export async function syncFolder({ isDurable }: Folders, path: string): Promise<void> {
  if (!isDurable) return;
  const handle = await ifPresent(() => open(path, 'r'));
  if (handle === undefined) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes the folder and its parents as far as they are empty. */
export async function pruneFolders({ root }: Folders, names: readonly string[]): Promise<void> {
  try {
    for (let depth = names.length; depth > 0; depth -= 1) await rmdir(join(root, ...names.slice(0, depth)));
  } catch {
    // Not empty, or removed by another process: an empty folder that stays is harmless.
  }
}

/** An object found by {@link walkObjects}. */
export interface FoundObject {
  readonly path: string;
  readonly key: Buffer;
}

/**
 * The object files under a folder whose key starts with `wanted`, in byte order of their keys. Holds the names of one
 * folder per level in memory, not those of the whole tree.
 */
export async function* walkObjects(
  path: string,
  keyOfFolder: Buffer,
  wanted: Buffer,
): AsyncGenerator<FoundObject, void, undefined> {
  for (const { name, kind, key } of await readEntries(path, keyOfFolder, wanted)) {
    if (kind === 'object') yield { path: join(path, name), key };
    else yield* walkObjects(join(path, name), key, wanted);
  }
}

interface Entry {
  readonly name: string;
  readonly kind: EntryKind;
  readonly key: Buffer;
}

async function readEntries(path: string, keyOfFolder: Buffer, wanted: Buffer): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const dirent of (await ifPresent(() => readdir(path, { withFileTypes: true }))) ?? []) {
    const parsed = parseName(dirent.name);
    // Symbolic links are neither: they are never followed.
    const fits = parsed?.kind === 'object' ? dirent.isFile() : dirent.isDirectory();
    if (parsed === undefined || !fits) continue;
    const key = Buffer.concat([keyOfFolder, parsed.bytes]);
    if (canLeadTo(key, wanted, parsed.kind)) entries.push({ name: dirent.name, kind: parsed.kind, key });
  }
  return entries.sort((left, right) => Buffer.compare(left.key, right.key));
}

function canLeadTo(key: Buffer, wanted: Buffer, kind: EntryKind): boolean {
  const common = kind === 'object' ? wanted.byteLength : Math.min(key.byteLength, wanted.byteLength);
  return key.byteLength >= common && key.subarray(0, common).equals(wanted.subarray(0, common));
}
