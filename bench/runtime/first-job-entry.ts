/**
 * A small worker as a user writes it: one job, one queue, no more. It says on stdout when its handler has the first job.
 * It is run in a project that has the packages as they are published.
 */
import { defineJob } from '@longshore/job';
import { sqsQueue } from '@longshore/queue/sqs';
import { createWorker, handle } from '@longshore/worker';
import { z } from 'zod';

const [endpoint = '', name = '', transport] = process.argv.slice(2);
const extra: Readonly<Record<string, string>> = transport === undefined ? {} : { transport };

const task = defineJob({
  name: 'bench-task',
  schema: z.object({ customer: z.number(), document: z.string(), pages: z.number() }),
});

const worker = createWorker({
  queue: sqsQueue({
    name,
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    ...extra,
  }),
  slots: 10,
  handlers: [
    handle(task, ({ payload }) => {
      process.stdout.write(`first job: ${payload.document}\n`);
      return Promise.resolve();
    }),
  ],
});
worker.start();
