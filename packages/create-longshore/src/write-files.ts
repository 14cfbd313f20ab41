/** Writes a set of new files. Looks first, then writes: a file of somebody else is replaced only where that was asked for. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FileTexts } from './worker-files.ts';

/** What stands in the way of writing: files that are there with another content, in the order of their paths. */
export async function conflictingFiles(folder: string, files: FileTexts): Promise<readonly string[]> {
  const looked = await Promise.all(
    Object.entries(files).map(async ([path, text]) => {
      const present = await contentOf(join(folder, path));
      return present === undefined || present === text ? [] : [path];
    }),
  );
  return looked.flat().toSorted();
}

/** Writes all files, whatever is there. */
export async function writeFiles(folder: string, files: FileTexts): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
  }
}

/** The text of a file; empty for what is no readable file, which no text of ours equals. */
async function contentOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    const code = (error as NodeJS.ErrnoException).code;
    return code === 'ENOENT' ? undefined : '';
  });
}
