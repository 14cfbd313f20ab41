/** From paths on the command line to PDF files, hashed. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { LongshoreError } from '@longshore/job';

/** A file on disk. */
export interface DocumentFile {
  readonly path: string;
  /** As shown to a person: relative to the current folder where that is shorter. */
  readonly name: string;
  readonly bytes: number;
  /** SHA-256 of the bytes, hex: the document's identity. */
  readonly sha256: string;
}

/**
 * Every PDF under the given paths: a file counts whatever its name, a folder counts its `.pdf` files at any depth, those
 * in `stateFolder` apart, where copies of earlier documents lie.
 *
 * @throws LongshoreError `invalid_options` when a path does not exist or nothing is found.
 */
export async function findDocuments(
  paths: readonly string[],
  { cwd, stateFolder }: { readonly cwd: string; readonly stateFolder: string },
): Promise<DocumentFile[]> {
  const files: string[] = [];
  const missing: string[] = [];
  for (const given of paths) {
    const path = resolve(cwd, given);
    const info = await stat(path).catch(() => undefined);
    if (info === undefined) missing.push(given);
    else if (info.isDirectory())
      files.push(...(await pdfsUnder(path)).filter((file) => !file.startsWith(`${stateFolder}${sep}`)));
    else files.push(path);
  }
  if (missing.length > 0) {
    throw new LongshoreError(
      'invalid_options',
      `Cannot read ${missing.map((path) => `"${path}"`).join(', ')}: no such file or folder`,
    );
  }
  if (files.length === 0) {
    throw new LongshoreError(
      'invalid_options',
      `No PDF file under ${paths.map((path) => `"${path}"`).join(', ')}: give files or folders that hold some`,
    );
  }
  const found: DocumentFile[] = [];
  for (const path of new Set(files)) found.push(await describe(path, cwd));
  return found;
}

async function pdfsUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.toLowerCase().endsWith('.pdf'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function describe(path: string, cwd: string): Promise<DocumentFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1_048_576 }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  const short = relative(cwd, path);
  return { path, name: short.startsWith('..') ? path : short, bytes, sha256: hash.digest('hex') };
}
