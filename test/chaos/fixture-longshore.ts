/** A worker process of the soak: the real runtime on SQS, with files as its object store. */
import { flushCompileCache } from 'node:module';
import { bury } from '@longshore/job';
import { fsObjectStore } from '@longshore/objects/fs';
import { sqsQueue } from '@longshore/queue/sqs';
import { createWorker, handle, jsonLog } from '@longshore/worker';
import { performTask } from './perform-task.ts';
import { openRunLog } from './run-log.ts';
import { work } from './task.ts';

const { ENDPOINT = '', QUEUE = 'jobs', OBJECTS = '', RUN_LOG = '', LEASE_MS = '2000' } = process.env;
const { TRANSPORT = 'lean', SLOTS = '16', WAIT_MS = '1000', DRAIN_MS = '4000' } = process.env;

// No power fails here, and a flush for each small file would measure the disk.
const objects = fsObjectStore({ root: OBJECTS, durable: false });
const log = openRunLog(RUN_LOG);
const queue = sqsQueue({
  name: QUEUE,
  deadLetterName: `${QUEUE}-dlq`,
  endpoint: ENDPOINT,
  transport: TRANSPORT === 'sdk' ? 'sdk' : 'lean',
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});
const worker = createWorker({
  queue,
  objects,
  slots: Number(SLOTS),
  leaseMs: Number(LEASE_MS),
  waitMs: Number(WAIT_MS),
  log: jsonLog({ level: process.env['LOG_LEVEL'] === 'info' ? 'info' : 'error' }),
  handlers: [
    handle(work, async ({ payload, attempt, signal }) => {
      const end = await performTask(payload, { objects, log, attempt, signal });
      return end === 'bury' ? bury('no_good', `Task ${payload.n} is no good`) : undefined;
    }),
  ],
  onFatal: (error) => {
    console.error(error);
    process.exit(70);
  },
});
worker.start();
process.send?.('ready');
// Who is killed leaves no compiled code to the next one.
flushCompileCache();

const stop = async (): Promise<void> => {
  await worker.stop({ deadlineMs: Number(DRAIN_MS) });
  await queue.close();
  process.exit(0);
};
process.once('SIGTERM', () => void stop());
