/** Receivers in a process of their own, which says when each event came. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A running receiver. */
export interface Receiver {
  /** The URL of an endpoint; `/hang` never answers. */
  url(path: string): string;
  /** When events came for the first time, by their ids, in milliseconds since the epoch. */
  readonly arrivals: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

/** Starts it. */
export async function startReceiver(): Promise<Receiver> {
  const child = fork(fileURLToPath(new URL('./receiver-entry.ts', import.meta.url)), [], { execArgv: [] });
  const [port] = (await once(child, 'message')) as [number];
  const arrivals = new Map<string, number>();
  child.on('message', (batch) => {
    for (const [id, atMs] of batch as [string, number][]) if (!arrivals.has(id)) arrivals.set(id, atMs);
  });
  return {
    url: (path) => `http://127.0.0.1:${port}${path}`,
    arrivals,
    async stop() {
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    },
  };
}
