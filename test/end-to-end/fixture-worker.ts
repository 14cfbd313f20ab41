/**
 * A real worker process for the end-to-end tests: one job, whose effect is a conditional write, and whose runs are
 * counted apart from its effects.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { defineJob, bury } from '@longshore/job';
import { fsObjectStore } from '@longshore/objects/fs';
import { sqsQueue } from '@longshore/queue/sqs';
import { createWorker, handle, jsonLog } from '@longshore/worker';
import { z } from 'zod';

/** Payload: which job, how long, and how it ends. */
export const workSchema = z.object({
  n: z.number().int(),
  workMs: z.number(),
  does: z.enum(['return', 'throw', 'bury', 'block']).default('return'),
});

/** The fixture's job. */
export const work = defineJob({
  name: 'work',
  schema: workSchema,
  retry: { maxAttempts: 3, baseDelayMs: 10, maxDelayMs: 1_000 },
});

if (import.meta.main) {
  const {
    ENDPOINT = '',
    QUEUE = '',
    OBJECTS = '',
    SLOTS = '4',
    LEASE_MS = '2000',
    DRAIN_MS = '5000',
  } = process.env;
  const objects = fsObjectStore({ root: OBJECTS });
  const queue = sqsQueue({
    name: QUEUE,
    deadLetterName: `${QUEUE}-dlq`,
    endpoint: ENDPOINT,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const worker = createWorker({
    queue,
    objects,
    slots: Number(SLOTS),
    leaseMs: Number(LEASE_MS),
    log: jsonLog({ level: 'warn' }),
    handlers: [
      handle(work, async ({ payload, signal }) => {
        await objects.put(`runs/${payload.n}/${randomUUID()}`, '');
        if (payload.does === 'throw') throw new Error(`Job ${payload.n} fails`);
        if (payload.does === 'bury') return bury('no_good', `Job ${payload.n} is no good`);
        if (payload.does === 'block') {
          const endMs = performance.now() + payload.workMs;
          while (performance.now() < endMs);
        } else await delay(payload.workMs, undefined, { signal });
        await objects.create(`effects/${payload.n}`, process.pid.toString());
        return undefined;
      }),
    ],
  });
  worker.start();
  process.send?.('started');
  const stop = async (): Promise<void> => {
    await worker.stop({ deadlineMs: Number(DRAIN_MS) });
    await queue.close();
    process.exit(0);
  };
  process.once('SIGTERM', () => void stop());
}
