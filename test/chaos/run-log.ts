/**
 * What the runs of a worker process did, one line each in a file of its own, written by one `write` call that is in the
 * page cache before it returns: `kill -9` takes nothing back. The lines with `effect` are the effects without a key.
 */
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/**
 * `started`; `failed`, `buried` and `aborted` by its signal; `effect`: the effect without a key; `created` or `existed`:
 * the effect with a key was this run's, or another's.
 */
export type RunEvent = 'started' | 'failed' | 'buried' | 'aborted' | 'effect' | 'created' | 'existed';

/** One line. */
export interface RunLine {
  readonly event: RunEvent;
  readonly n: number;
  readonly attempt: number;
  /** Tells runs apart. */
  readonly run: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** The life of a process, see `Herd`. */
  readonly life: string;
}

/** Writes lines; of one process. */
export interface RunLog {
  write(event: RunEvent, n: number, attempt: number, run: string): void;
  close(): void;
}

/** Opens the log of a process. */
export function openRunLog(path: string): RunLog {
  const file = openSync(path, 'a');
  return {
    write: (event, n, attempt, run) =>
      void writeSync(file, `${event} ${n} ${attempt} ${run} ${Date.now()}\n`),
    close: () => closeSync(file),
  };
}

/** Every line of every process; `prefix` tells the lives of several folders apart. */
export function readRunLogs(folder: string, prefix = ''): RunLine[] {
  return readdirSync(folder).flatMap((life) =>
    readFileSync(join(folder, life), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line): RunLine => {
        const [event = '', n, attempt, run = '', atMs] = line.split(' ');
        return {
          event: event as RunEvent,
          n: Number(n),
          attempt: Number(attempt),
          run,
          atMs: Number(atMs),
          life: prefix + life,
        };
      }),
  );
}
