/** A worker of a fleet in a folder, run by `longshore worker` as a person does. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { readJson } from '@longshore/objects';
import { fsObjectStore } from '@longshore/objects/fs';

/** A worker that has not done one job by then never will. */
const GIVE_UP_MS = 60_000;

/** A running worker. */
export interface ScaffoldedWorker extends AsyncDisposable {
  /** The JSON of an object, as soon as it is there. Rejects with what the worker wrote, if that never comes. */
  result(key: string): Promise<unknown>;
  /** Drains it, and resolves with its exit code. */
  stop(): Promise<number | null>;
}

/** Starts it. `program` is the path of the command. */
export function startWorker(folder: string, program: string, worker: string): ScaffoldedWorker {
  const child = spawn(process.execPath, [program, 'worker', worker], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const objects = fsObjectStore({ root: join(folder, '.longshore/objects') });
  const ended = once(child, 'close') as Promise<[number | null]>;
  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null) child.kill('SIGTERM');
    const [code] = await ended;
    return code;
  };
  return {
    async result(key) {
      const giveUpAtMs = Date.now() + GIVE_UP_MS;
      while (child.exitCode === null && Date.now() < giveUpAtMs) {
        const json = await readJson(objects, key);
        if (json !== undefined) return json;
        await wait(50);
      }
      throw new Error(`There is no ${key}: the worker ended, or did nothing for ${GIVE_UP_MS} ms\n${output}`);
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}
