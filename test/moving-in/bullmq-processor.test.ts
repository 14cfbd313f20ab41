/** Processors under a BullMQ worker and under Longshore, on a real Redis, with jobs that BullMQ's own queue added. */
import { defineJob } from '@longshore/job';
import { listDeadLetters } from '@longshore/queue';
import { bullmqQueue } from '@longshore/queue/bullmq';
import { createWorker, jsonLog } from '@longshore/worker';
import { bullmqJobs, handleProcessor, type Processor } from '@longshore/worker/bullmq-processor';
import { DelayedError, Queue, UnrecoverableError, Worker, type Job } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startRedis } from '../end-to-end/redis-server.ts';
import { until } from '../end-to-end/stage.ts';

interface Wall {
  readonly colour: string;
}
const NOW = { maxAttempts: 2, baseDelayMs: 0, maxDelayMs: 0 } as const;
const paintWall = defineJob({ name: 'paint-wall', schema: z.object({ colour: z.string() }), retry: NOW });
const washBrush = defineJob({ name: 'wash-brush', schema: z.object({ colour: z.string() }), retry: NOW });

let redis: Awaited<ReturnType<typeof startRedis>>;
let number = 0;
beforeAll(async () => {
  redis = await startRedis('noeviction');
});
afterAll(() => redis[Symbol.asyncDispose]());

const connection = (): { url: string; maxRetriesPerRequest: null } => ({
  url: redis.url,
  maxRetriesPerRequest: null,
});

/** What each run of a processor saw of its job, and what became of the jobs. */
interface Outcome {
  readonly seen: readonly unknown[];
  readonly failed: readonly string[];
}

function watched(processor: Processor<Job<Wall>>): { processor: Processor<Job<Wall>>; seen: unknown[] } {
  const seen: unknown[] = [];
  return {
    seen,
    processor: (job, token, signal) => {
      seen.push({ name: job.name, data: job.data, made: job.attemptsMade, attempts: job.opts.attempts });
      return processor(job, token, signal);
    },
  };
}

/** A queue to which the two jobs were added as BullMQ's users do. */
async function filledQueue(): Promise<string> {
  number += 1;
  const name = `walls-${number}`;
  const producer = new Queue(name, { connection: connection() });
  await producer.add('paintWall', { colour: 'red' }, { attempts: 2 });
  await producer.add('washBrush', { colour: 'blue' }, { attempts: 2 });
  await producer.close();
  return name;
}

async function underBullmq(given: Processor<Job<Wall>>, runs: number): Promise<Outcome> {
  const name = await filledQueue();
  const { processor, seen } = watched(given);
  const worker = new Worker(name, processor, { connection: connection(), concurrency: 1 });
  worker.on('error', () => undefined);
  await until('all runs are over', () => Promise.resolve(seen.length >= runs));
  await worker.close();
  const queue = new Queue(name, { connection: connection() });
  const failed = await queue.getFailed();
  await queue.close();
  return { seen: sorted(seen), failed: failed.map((job) => job.name).toSorted() };
}

async function underLongshore(given: Processor<Job<Wall>>, runs: number): Promise<Outcome> {
  const name = await filledQueue();
  const link = { connection: { url: redis.url } };
  await using queue = bullmqQueue({ name, deadLetterName: `${name}-dead`, ...link });
  await using dead = bullmqQueue({ name: `${name}-dead`, ...link });
  const { processor, seen } = watched(given);
  const worker = createWorker({
    queue,
    slots: 1,
    handlers: [
      handleProcessor(paintWall, processor, { name: 'paintWall' }),
      handleProcessor(washBrush, processor, { name: 'washBrush' }),
    ],
    decoders: [bullmqJobs({ paintWall, washBrush })],
    log: jsonLog({ level: 'silent' }),
  });
  worker.start();
  await until('all runs are over', () => Promise.resolve(seen.length >= runs));
  await worker.stop({ deadlineMs: 5_000 });
  const letters = await listDeadLetters(dead, { limit: 5 });
  const names: Readonly<Record<string, string>> = { 'paint-wall': 'paintWall', 'wash-brush': 'washBrush' };
  return {
    seen: sorted(seen),
    failed: letters.map(({ jobName = '' }) => names[jobName] ?? jobName).toSorted(),
  };
}

const sorted = (seen: readonly unknown[]): unknown[] =>
  seen.toSorted((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other)));

const CASES: readonly (readonly [title: string, processor: () => Processor<Job<Wall>>, runs: number])[] = [
  ['returns', () => (job) => Promise.resolve({ painted: job.data.colour }), 2],
  ['reports progress and logs', () => async (job) => job.updateProgress(await job.log('half')), 2],
  ['throws each time', () => () => Promise.reject(new Error('brush lost')), 4],
  [
    'throws for one job, once',
    () => (job) =>
      job.name === 'paintWall' && job.attemptsMade === 0
        ? Promise.reject(new Error('drips'))
        : Promise.resolve(),
    3,
  ],
  [
    'gives one job up',
    () => (job) =>
      job.data.colour === 'red' ? Promise.reject(new UnrecoverableError('no red')) : Promise.resolve(),
    2,
  ],
  [
    'moves one job to a later time, once',
    () => {
      let isMoved = false;
      return async (job, token) => {
        if (job.name !== 'washBrush' || isMoved) return;
        isMoved = true;
        await job.moveToDelayed(Date.now() + 20, token);
        throw new DelayedError();
      };
    },
    3,
  ],
];

describe('A BullMQ processor', () => {
  it.each(CASES)(
    'that %s sees the same jobs in both, and the same jobs fail',
    async (_title, processor, runs) => {
      const [there, here] = [await underBullmq(processor(), runs), await underLongshore(processor(), runs)];
      expect(here).toEqual(there);
      expect(here.seen).toHaveLength(runs);
    },
  );
});
