/** Entry of the lease thread: opens the queue by its connection and extends what is due in the shared lease table. */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock, type Timer } from '@longshore/job';
import type { Queue } from '@longshore/queue';
import { LOOKS_PER_LEASE, leaseWatch } from './lease-keeper.ts';
import type { LeaseReport, LeaseThreadData } from './lease-thread.ts';

const port = parentPort;
if (port === null) throw new Error('The lease thread must be started by threadLeaseKeeper');

const { connection, leaseMs, memory } = workerData as LeaseThreadData;
const driver = (await import(connection.moduleUrl)) as Record<string, (options: unknown) => Queue>;
const open = driver[connection.exportName];
if (open === undefined) throw new Error(`${connection.moduleUrl} has no export "${connection.exportName}"`);
const queue = open(connection.options);
const report = (message: LeaseReport): void => port.postMessage(message);
const watch = leaseWatch({
  memory,
  queue,
  leaseMs,
  clock: systemClock,
  onLost: (tokens) => report({ type: 'lost', tokens }),
  onExtended: (count, failed) => report({ type: 'extended', count, failed }),
});
// The first call of a client finds the queue and connects: better now than when a lease runs out.
void queue.counts().catch(() => undefined);
// Nobody tells this thread of a new lease: it looks by itself.
let pause: Timer;
const lookLater = (): void => {
  watch.wake();
  pause = systemClock.after(leaseMs / LOOKS_PER_LEASE, lookLater);
};
lookLater();

port.once('message', () => {
  pause.cancel();
  void watch.stop().then(async () => {
    await queue.close();
    port.close();
  });
});
