import { defineJob } from '@longshore/job';
import { createProducer, listDeadLetters } from '@longshore/queue';
import { memoryQueue } from '@longshore/queue/memory';
import { DelayedError, Job, RateLimitError, UnrecoverableError, WaitingError } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { manualClock } from '../fixtures/manual-clock.ts';
import { jsonLog } from '../json-log.ts';
import { createWorker } from '../worker.ts';
import { handleProcessor, type Processor, type ProcessorOptions } from './handle-processor.ts';

const paint = defineJob({
  name: 'paint',
  schema: z.object({ colour: z.string() }),
  retry: { maxAttempts: 2, baseDelayMs: 0, maxDelayMs: 0 },
});

/** One job, and a worker with this processor. */
async function stage(processor: Processor<Job<{ colour: string }>>, options: ProcessorOptions = {}) {
  const deadLetters = memoryQueue({ name: 'paint-dlq' });
  const queue = memoryQueue({ name: 'paint', deadLetters });
  await createProducer({ queueFor: () => queue }).enqueue(paint, { colour: 'red' }, { id: 'job-1' });
  const worker = createWorker({
    queue,
    slots: 1,
    handlers: [handleProcessor(paint, processor, options)],
    log: jsonLog({ level: 'silent' }),
  });
  return { queue, worker, dead: () => listDeadLetters(deadLetters, { limit: 5 }) };
}

class OutOfPaint extends UnrecoverableError {}

describe('A BullMQ processor', () => {
  it('is given its job, a token and a signal, and its result is passed on', async () => {
    const seen: unknown[] = [];
    const { worker, queue } = await stage(
      async (job, token, signal) => {
        seen.push([
          job.id,
          job.name,
          job.data,
          job.opts.attempts,
          job.attemptsMade,
          typeof token,
          signal?.aborted,
        ]);
        await job.updateProgress(50);
        seen.push(job.progress, await job.log('half'), await job.log('all'), await job.extendLock('', 1));
        return { painted: job.data.colour };
      },
      {
        name: 'paintWall',
        onProgress: ({ id }, progress) => Promise.resolve(void seen.push(`${id} ${String(progress)}`)),
        onCompleted: ({ id }, value) => Promise.resolve(void seen.push([id, value])),
      },
    );
    await worker.tick();
    expect(seen).toEqual([
      ['job-1', 'paintWall', { colour: 'red' }, 2, 0, 'string', false],
      'job-1 50',
      50,
      1,
      2,
      1,
      ['job-1', { painted: 'red' }],
    ]);
    expect(await queue.counts()).toEqual({ backlog: 0, inFlight: 0, delayed: 0 });
  });

  it('that throws is tried again, and knows how often', async () => {
    const made: number[] = [];
    const { worker, dead } = await stage(async (job) => {
      made.push(job.attemptsMade);
      throw new Error('brush lost');
    });
    await worker.tick();
    await worker.tick();
    expect(made).toEqual([0, 1]);
    expect(await dead()).toMatchObject([{ code: 'attempts_exhausted', jobName: 'paint' }]);
  });

  it.each([
    ['UnrecoverableError', () => new UnrecoverableError('no paint'), 'no paint'],
    ['a subclass of it', () => new OutOfPaint('sold out'), 'sold out'],
  ])('that throws %s buries its job at once', async (_name, error, reason) => {
    const { worker, dead } = await stage(() => Promise.reject(error()));
    await worker.tick();
    expect(await dead()).toMatchObject([{ code: 'unrecoverable', reason }]);
  });

  it.each([
    ['WaitingError', () => new WaitingError(), { backlog: 1, inFlight: 0 }],
    ['RateLimitError', () => new RateLimitError(), { backlog: 0, inFlight: 1 }],
    ['DelayedError alone', () => new DelayedError(), { backlog: 1, inFlight: 0 }],
  ])('that throws %s gives its job back, and no attempt is counted', async (_name, error, counts) => {
    const made: number[] = [];
    const { worker, queue } = await stage((job) => {
      made.push(job.attemptsMade);
      return Promise.reject(error());
    });
    await worker.tick();
    expect(await queue.counts()).toMatchObject(counts);
    if (counts.backlog === 1) await worker.tick();
    expect(made.every((count) => count === 0)).toBe(true);
  });

  it.each([
    ['throws DelayedError', true],
    ['just ends', false],
  ])('that moves its job to a later time and %s gives it back for as long', async (_name, throws) => {
    const clock = manualClock();
    const { worker, queue } = await stage(
      async (job, token) => {
        await job.moveToDelayed(clock.nowMs() + 60_000, token);
        if (throws) throw new DelayedError();
      },
      { clock },
    );
    await worker.tick();
    expect(await queue.counts()).toMatchObject({ backlog: 0, inFlight: 1 });
  });

  it('whose onCompleted fails is tried again', async () => {
    const { worker, queue } = await stage(() => Promise.resolve(1), {
      onCompleted: () => Promise.reject(new Error('listener')),
    });
    await worker.tick();
    expect(await queue.counts()).toMatchObject({ backlog: 1 });
  });

  it('hears of everything in a BullMQ job that it cannot have here', async () => {
    const members = [
      ...Object.getOwnPropertyNames(Job.prototype),
      'parent',
      'parentKey',
      'queueQualifiedName',
      'data',
      'opts',
      'timestamp',
      'attemptsMade',
      'progress',
    ].filter((name) => !OF_BULLMQ_ITSELF.includes(name));
    const found: Record<string, string> = {};
    const { worker } = await stage((job) => {
      for (const member of members) {
        try {
          found[member] = typeof Reflect.get(job, member);
        } catch (error) {
          found[member] = (error as Error).message;
        }
      }
      return Promise.resolve();
    });
    await worker.tick();
    const silent = Object.entries(found).filter(([, value]) => value === 'undefined');
    expect(silent).toEqual([]);
    expect(found).toMatchObject({
      updateProgress: 'function',
      updateData: expect.stringContaining('cannot use job.updateData here: keep state') as unknown,
      getChildrenValues: expect.stringContaining('follow-up jobs') as unknown,
      data: 'object',
    });
  });
});

/** How BullMQ's own parts work on a job: no processor calls these. */
const OF_BULLMQ_ITSELF = [
  'constructor',
  'toJSON',
  'asJSON',
  'asJSONSandbox',
  'addJob',
  'toFlowEntry',
  'removeDeduplicationKey',
  'createBackend',
  'validateOptions',
  'updateStacktrace',
  'shouldRetryJob',
  'isInState',
  'getSpanOperation',
  'setSpanJobAttributes',
  'recordJobMetrics',
];
