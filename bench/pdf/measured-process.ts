/** A subject in a process of its own, by IPC. It ends when it is let go, and with this process. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Report, Subject, Task } from './subject.ts';

/** Starts `entry`, a file of this folder, with settings; resolves when it is ready. */
export async function startSubject(entry: string, settings: object = {}): Promise<Subject> {
  const child = fork(fileURLToPath(new URL(entry, import.meta.url)), [JSON.stringify(settings)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, PromiseWithResolvers<Report>>();
  const ready = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  child.on('message', ({ id, report }: { readonly id: number; readonly report?: Report }) => {
    if (report === undefined) ready.resolve();
    else waiting.get(id)?.resolve(report);
    waiting.delete(id);
  });
  const end = (how: string): void => {
    const error = new Error(`The measured process ${entry} ended: ${how}`);
    ready.reject(error);
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    gone.resolve();
  };
  child.once('error', (error) => end(error.message));
  child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
  await ready.promise;
  let last = 0;
  return {
    pid: child.pid ?? 0,
    run(task: Task): Promise<Report> {
      last += 1;
      const answer = Promise.withResolvers<Report>();
      waiting.set(last, answer);
      child.send({ id: last, task }, (error) => {
        if (error !== null) answer.reject(error);
      });
      return answer.promise;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      if (child.connected) child.disconnect();
      await gone.promise;
    },
  };
}
