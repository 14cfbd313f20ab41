/** One small fleet's work on any SQS: what became of every job, so that two implementations can be held against each other. */
import { randomUUID } from 'node:crypto';
import { bury, decodeEnvelope, defineJob } from '@longshore/job';
import { memoryObjectStore } from '@longshore/objects/memory';
import { createProducer, listDeadLetters, type Queue } from '@longshore/queue';
import { createSqsQueues, sqsQueue, type SqsConnectionOptions } from '@longshore/queue/sqs';
import { createWorker, handle, jsonLog, type Worker } from '@longshore/worker';
import { z } from 'zod';

/** What became of the jobs, by kind. */
export interface WorkDone {
  /** Kind and number of each job whose handler returned, once for each time. */
  readonly completed: readonly string[];
  /** Attempts of the jobs that failed at first. */
  readonly attempts: readonly number[];
  /** Kind of each dead letter with its code. */
  readonly dead: readonly string[];
}

/** Jobs of each kind. */
export const JOBS_PER_KIND = 40;
const KINDS = ['good', 'failing', 'hopeless', 'unwanted', 'large'] as const;
/** Over the limit of a message. */
const LARGE_CHARACTERS = 1_200_000;
const WITHIN_MS = 120_000;

const task = defineJob({
  name: 'task',
  schema: z.object({ kind: z.enum(KINDS), n: z.number(), text: z.string().default('') }),
  retry: { maxAttempts: 3, baseDelayMs: 10, maxDelayMs: 1_000 },
});

/** Runs 200 jobs on queues of its own, whose names `onQueues` learns before they are made. */
export async function doWork(
  connection: SqsConnectionOptions,
  onQueues: (names: readonly string[]) => void = () => undefined,
): Promise<WorkDone> {
  const name = `longshore-test-${randomUUID()}`;
  onQueues([name, `${name}-dlq`]);
  await createSqsQueues({
    ...connection,
    queues: [{ name, deadLetterName: `${name}-dlq`, leaseMs: 30_000 }],
  });
  await using queue = sqsQueue({ ...connection, name, deadLetterName: `${name}-dlq` });
  await using deadLetters = sqsQueue({ ...connection, name: `${name}-dlq` });
  const objects = memoryObjectStore();
  const producer = createProducer({ queueFor: () => queue, objects });
  const jobs = KINDS.flatMap((kind) =>
    Array.from({ length: JOBS_PER_KIND }, (_, n) => ({
      kind,
      n,
      ...(kind === 'large' ? { text: 'x'.repeat(LARGE_CHARACTERS) } : {}),
    })),
  );
  await producer.enqueueAll(task, jobs);
  const completed: string[] = [];
  const attempts: number[] = [];
  await using worker = createWorker({
    queue,
    objects,
    slots: 20,
    waitMs: 1_000,
    log: jsonLog({ level: 'silent' }),
    handlers: [
      handle(task, ({ payload: { kind, n, text }, attempt }) => {
        if (kind === 'unwanted') return Promise.resolve(bury('unwanted', 'Nobody wants it'));
        if (kind === 'hopeless' || (kind === 'failing' && attempt < 3))
          throw new Error(`Not this time: ${kind}`);
        if (kind === 'failing') attempts.push(attempt);
        if (kind === 'large' && text.length !== LARGE_CHARACTERS) throw new Error('The payload is cut');
        completed.push(`${kind} ${n}`);
        return Promise.resolve();
      }),
    ],
  });
  worker.start();
  await ended(jobs.length, worker, queue);
  await worker.stop({ deadlineMs: 10_000 });
  const letters = await listDeadLetters(deadLetters, { limit: 10 * JOBS_PER_KIND });
  const dead = letters.map(({ code, body }) => {
    const decoded = decodeEnvelope(body);
    const { kind = '?' } = (decoded.ok ? decoded.envelope.payload : {}) as { kind?: string };
    return `${kind} ${code}`;
  });
  return { completed: completed.sort(), attempts, dead: dead.sort() };
}

/** SQS only estimates its counts and may say 0 too early, so the worker must have seen the end of every job as well. */
async function ended(jobs: number, worker: Worker, queue: Queue): Promise<void> {
  const endMs = performance.now() + WITHIN_MS;
  for (;;) {
    const { completed, buried } = worker.stats();
    const { backlog, inFlight, delayed } = await queue.counts();
    if (completed + buried >= jobs && backlog + inFlight + delayed === 0) return;
    if (performance.now() > endMs)
      throw new Error(
        `Not done within ${WITHIN_MS} ms: ${completed} of ${jobs} jobs completed, ${buried} buried; ` +
          `${backlog} wait, ${inFlight} run, ${delayed} are delayed`,
      );
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
