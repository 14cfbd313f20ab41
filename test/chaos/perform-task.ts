/**
 * Runs a task; the same for every system that is compared. Its two effects: a line in the process's own file, which a
 * second run repeats, and an object under the task's key, which only the first run can create.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ObjectStore } from '@longshore/objects';
import type { RunLog } from './run-log.ts';
import type { Task } from './task.ts';

/** What a run has to do with. */
export interface RunContext {
  readonly objects: ObjectStore;
  readonly log: RunLog;
  /** From 1. */
  readonly attempt: number;
  readonly signal?: AbortSignal;
}

/** Key of a task's effect. */
export function effectKeyOf(n: number): string {
  return `effects/${n}`;
}

/** Resolves with what the task asks for; rejects when it fails or its signal aborts. */
export async function performTask(task: Task, context: RunContext): Promise<'done' | 'bury'> {
  const { objects, log, attempt, signal } = context;
  const run = randomUUID();
  const note = (event: Parameters<RunLog['write']>[0]): void => log.write(event, task.n, attempt, run);
  note('started');
  try {
    await delay(task.workMs, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    note('aborted');
    throw error;
  }
  if (task.does === 'kill') {
    process.kill(process.pid, 'SIGKILL');
    await delay(60_000);
  }
  if (task.does === 'throw' || attempt <= task.failures) {
    note('failed');
    throw new Error(`Task ${task.n} fails at attempt ${attempt}`);
  }
  if (task.does === 'bury') {
    note('buried');
    return 'bury';
  }
  note('effect');
  const { created } = await objects.create(effectKeyOf(task.n), run);
  note(created ? 'created' : 'existed');
  return 'done';
}
