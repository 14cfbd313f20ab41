/**
 * Where objects are written before they are put in place: a folder of the root, so in the same file system. A killed
 * writer leaves its file there; whoever writes later removes it. No list shows them, for no key leads there.
 */
import { randomUUID } from 'node:crypto';
import { open, readdir, stat, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@longshore/job';
import { madeFolder, type Folders } from './folders.ts';
import { ifPresent } from './fs-fault.ts';

/** No key's name starts with a dot. */
const FOLDER = '.longshore-writing';
/** A file that nothing was written to for an hour belongs to a writer that is dead or stuck. */
const STALE_MS = 3_600_000;

/** A new file under a name of its own. */
export interface TemporaryFile {
  readonly path: string;
  readonly file: FileHandle;
}

/** Temporary files of one store. */
export interface TemporaryFiles {
  /** Runs a step with a new file. The step closes it; whether it also moved it away, nothing is left behind. */
  using<Result>(
    folders: Folders,
    key: string,
    step: (temporary: TemporaryFile) => Promise<Result>,
  ): Promise<Result>;
}

/** Temporary files; stale ones are removed at the first use and then hourly. */
export function temporaryFiles(): TemporaryFiles {
  let nextSweepMs = 0;
  return {
    async using(folders, key, step) {
      const folder = await madeFolder(folders, [FOLDER], key);
      const nowMs = systemClock.nowMs();
      if (nowMs >= nextSweepMs) {
        nextSweepMs = nowMs + STALE_MS;
        await removeStale(folder, nowMs);
      }
      const path = join(folder, randomUUID());
      const file = await open(path, 'wx');
      try {
        return await step({ path, file });
      } finally {
        await ifPresent(() => unlink(path));
      }
    },
  };
}

async function removeStale(folder: string, nowMs: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const stats = await ifPresent(() => stat(path));
    if (stats !== undefined && stats.mtimeMs < nowMs - STALE_MS) await ifPresent(() => unlink(path));
  }
}
