/** The whole path: jobs on a queue, a worker with the service's handler, batches, PostgreSQL. */
import { createProducer, type Queue } from '@longshore/queue';
import { memoryQueue } from '@longshore/queue/memory';
import { recordDocument, warehouseHandlers } from '@longshore/service-warehouse-sync';
import { warehouse, type DocumentEvent } from '@longshore/warehouse';
import { createWorker, jsonLog } from '@longshore/worker';
import { memoryObjectStore } from '@longshore/objects/memory';
import type pg from 'pg';

/** As many as two batches: one gathers while the other is written. */
const SLOTS = 1_000;

/** A queue that holds a job for each event. Not timed. */
export async function filledQueue(events: readonly DocumentEvent[]): Promise<Queue> {
  const deadLetters = memoryQueue({ name: 'warehouse-dlq' });
  const queue = memoryQueue({ name: 'warehouse', deadLetters });
  await createProducer({ queueFor: () => queue }).enqueueAll(recordDocument, [...events]);
  return queue;
}

/** Works a queue off; resolves when every job is complete. */
export async function workOff(pool: pg.Pool, queue: Queue, jobs: number): Promise<void> {
  const sink = warehouse({ pool });
  let left = jobs;
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const worker = createWorker({
    queue,
    objects: memoryObjectStore(),
    slots: SLOTS,
    handlers: warehouseHandlers({ warehouse: sink }),
    log: jsonLog({ level: 'silent' }),
    onEnded: () => {
      left -= 1;
      if (left === 0) resolve();
    },
  });
  worker.start();
  await done;
  await worker.stop({ deadlineMs: 5_000 });
  await sink.close();
}
