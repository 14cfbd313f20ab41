/** The tasks of a running local fleet, left in a file by the process that runs it, for `longshore status`. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJson } from '@longshore/job';
import type { LocalState } from './state.ts';

/** One task. */
export interface LocalTask {
  readonly service: string;
  readonly state: string;
  readonly pid: number;
  readonly busy: number;
  readonly slots: number;
}

/** Replaces the file in one step. */
export async function writeTasks(state: LocalState, tasks: readonly LocalTask[]): Promise<void> {
  const path = join(state.root, 'tasks.json');
  await writeFile(`${path}.new`, JSON.stringify(tasks));
  await rename(`${path}.new`, path);
}

/** The tasks as last written. */
export async function readTasks(state: LocalState): Promise<readonly LocalTask[]> {
  const json = parseJson(await readFile(join(state.root, 'tasks.json'), 'utf8').catch(() => '[]'));
  return json.ok && Array.isArray(json.value) ? (json.value as LocalTask[]) : [];
}
