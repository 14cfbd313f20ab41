/** A worker process on BullMQ, as its README shows it. */
import { flushCompileCache } from 'node:module';
import { fsObjectStore } from '@longshore/objects/fs';
import { UnrecoverableError, Worker } from 'bullmq';
import { performTask } from './perform-task.ts';
import { openRunLog } from './run-log.ts';
import { taskSchema } from './task.ts';

const { REDIS = '', OBJECTS = '', RUN_LOG = '', SLOTS = '10', LOCK_MS } = process.env;
const objects = fsObjectStore({ root: OBJECTS, durable: false });
const log = openRunLog(RUN_LOG);

const worker = new Worker<unknown>(
  'jobs',
  async (job) => {
    const task = taskSchema.parse(job.data);
    const end = await performTask(task, { objects, log, attempt: job.attemptsMade + 1 });
    if (end === 'bury') throw new UnrecoverableError(`Task ${task.n} is no good`);
  },
  {
    connection: { path: REDIS, maxRetriesPerRequest: null },
    concurrency: Number(SLOTS),
    ...(LOCK_MS === undefined ? {} : { lockDuration: Number(LOCK_MS), stalledInterval: Number(LOCK_MS) }),
  },
);
worker.on('error', (error) => console.error(error.message));
await worker.waitUntilReady();
process.send?.('ready');
// Who is killed leaves no compiled code to the next one.
flushCompileCache();
process.once('SIGTERM', () => void worker.close().then(() => process.exit(0)));
