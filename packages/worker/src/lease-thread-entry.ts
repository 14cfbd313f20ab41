/** Entry of the lease thread: opens the queue by its connection and runs a lease keeper on it. */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '@longshore/job';
import type { Queue } from '@longshore/queue';
import { localLeaseKeeper } from './lease-keeper.ts';
import type { LeaseCommand, LeaseReport, LeaseThreadData } from './lease-thread.ts';

const port = parentPort;
if (port === null) throw new Error('The lease thread must be started by threadLeaseKeeper');

const { connection, leaseMs } = workerData as LeaseThreadData;
const driver = (await import(connection.moduleUrl)) as Record<string, (options: unknown) => Queue>;
const open = driver[connection.exportName];
if (open === undefined) throw new Error(`${connection.moduleUrl} has no export "${connection.exportName}"`);
const queue = open(connection.options);
const report = (message: LeaseReport): void => port.postMessage(message);
const keeper = localLeaseKeeper({
  queue,
  leaseMs,
  clock: systemClock,
  onLost: (handles) => report({ type: 'lost', handles }),
  onExtended: (count, failed) => report({ type: 'extended', count, failed }),
});

const stop = async (): Promise<void> => {
  await keeper.stop();
  await queue.close();
  port.close();
};

port.on('message', (command: LeaseCommand) => {
  switch (command.type) {
    case 'hold':
      return keeper.hold(command.held);
    case 'drop':
      return keeper.drop(command.handles);
    case 'ceiling':
      return keeper.setCeiling(command.handle, command.ceilingMs);
    case 'stop':
      void stop();
  }
});
report({ type: 'ready' });
