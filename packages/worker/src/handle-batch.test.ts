import { bury, defineJob } from '@longshore/job';
import { createProducer, listDeadLetters } from '@longshore/queue';
import { memoryQueue } from '@longshore/queue/memory';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { handleBatch } from './handle-batch.ts';
import { jsonLog } from './json-log.ts';
import { createWorker } from './worker.ts';

const score = defineJob({ name: 'score', schema: z.object({ n: z.number() }) });

it('hands a batch of jobs to the handler; poison is buried, a failed one tried again, the others completed', async () => {
  const deadLetters = memoryQueue({ name: 'scores-dlq' });
  const queue = memoryQueue({ name: 'scores', deadLetters });
  const producer = createProducer({ queueFor: () => queue });
  const sizes: number[] = [];
  const table: number[] = [];
  const worker = createWorker({
    queue,
    slots: 10,
    log: jsonLog({ level: 'silent' }),
    handlers: [
      handleBatch(score, {
        maxWaitMs: 5,
        write(jobs) {
          sizes.push(jobs.length);
          if (jobs.some(({ payload }) => payload.n < 0)) {
            if (jobs.length > 1) throw new Error('Row refused');
            return Promise.resolve([{ ok: true, value: bury('corrupt', 'A score is never negative') }]);
          }
          table.push(...jobs.map(({ payload }) => payload.n));
          return Promise.resolve(
            jobs.map(({ payload }) =>
              payload.n === 7 ? { ok: false, error: new Error('Not today') } : { ok: true, value: undefined },
            ),
          );
        },
      }),
    ],
  });
  await producer.enqueueAll(
    score,
    [1, 2, 3, -4, 5, 6, 7, 8].map((n) => ({ n })),
  );
  await worker.tick();
  expect(sizes[0]).toBe(8);
  expect(table.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 5, 6, 7, 8]);
  expect(worker.stats()).toMatchObject({ completed: 6, buried: 1, failed: 1 });
  const letters = await listDeadLetters(deadLetters, { limit: 10 });
  expect(letters).toMatchObject([{ code: 'corrupt', reason: 'A score is never negative' }]);
  // The failed one waits for its next attempt.
  expect(await queue.counts()).toMatchObject({ backlog: 0, inFlight: 1 });
});
