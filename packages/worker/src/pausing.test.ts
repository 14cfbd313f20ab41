/** A worker that is told to take no work, and to go on. */
import { defineJob } from '@longshore/job';
import { createProducer, type Queue } from '@longshore/queue';
import { memoryQueue } from '@longshore/queue/memory';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { settled } from './fixtures/manual-clock.ts';
import { handle } from './handler.ts';
import { serveHealth } from './health.ts';
import { jsonLog } from './json-log.ts';
import type { TaskProtection } from './task-protection.ts';
import { createWorker, type Worker, type WorkerOptions } from './worker.ts';

const task = defineJob({ name: 'task', schema: z.object({ n: z.number() }) });
const long = defineJob({ name: 'long', schema: z.object({ n: z.number() }), timeoutMs: 3_600_000 });
let queue: Queue;
let gate: PromiseWithResolvers<void>;
let began: number[];

beforeEach(() => {
  queue = memoryQueue({ name: 'tasks' });
  gate = Promise.withResolvers();
  began = [];
});

/** A worker with one slot, whose jobs wait for the gate. */
function worker(options: Partial<WorkerOptions> = {}): Worker {
  const run = async ({ payload }: { payload: { n: number } }): Promise<void> => {
    began.push(payload.n);
    await gate.promise;
  };
  return createWorker({
    queue,
    handlers: [handle(task, run), handle(long, run)],
    log: jsonLog({ level: 'silent' }),
    completeLingerMs: 0,
    waitMs: 20,
    ...options,
  });
}

async function enqueue(...numbers: number[]): Promise<void> {
  const producer = createProducer({ queueFor: () => queue });
  await producer.enqueueAll(
    task,
    numbers.map((n) => ({ n })),
  );
  await producer.close();
}

/** Fails by the test's own time limit. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('a paused worker', () => {
  it('finishes what it runs, gives back what it took ahead, takes nothing new, and goes on when it is told', async () => {
    const subject = worker();
    subject.start();
    // Quick jobs first, so that it learns to take messages ahead.
    gate.resolve();
    await enqueue(1, 2, 3);
    await until(() => subject.stats().completed === 3);
    gate = Promise.withResolvers();
    await enqueue(4, 5, 6);
    await until(async () => began.length === 4 && (await queue.counts()).inFlight === 3);

    subject.pause();
    expect(subject.stats()).toMatchObject({ state: 'paused', busy: 1 });
    await until(async () => (await queue.counts()).backlog === 2);
    gate.resolve();
    await until(() => subject.stats().completed === 4);
    await enqueue(7);
    await until(async () => (await queue.counts()).inFlight === 0);
    expect(await queue.counts()).toEqual({ backlog: 3, inFlight: 0, delayed: 0 });
    expect(subject.stats()).toMatchObject({ state: 'paused', busy: 0 });
    const { lastReceiveAtMs } = subject.stats();
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(subject.stats().lastReceiveAtMs).toBe(lastReceiveAtMs);

    subject.resume();
    await until(() => subject.stats().completed === 7);
    expect(began.toSorted((left, right) => left - right)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    await subject.stop({ deadlineMs: 500 });
  });

  it('gives back what a receive brings that was under way', async () => {
    const late = Promise.withResolvers<void>();
    const slow: Queue = {
      name: queue.name,
      capabilities: queue.capabilities,
      connection: undefined,
      send: (messages) => queue.send(messages),
      async receive(options) {
        const messages = await queue.receive(options);
        await late.promise;
        return messages;
      },
      complete: (leases) => queue.complete(leases),
      extend: (leases, leaseMs) => queue.extend(leases, leaseMs),
      release: (leases, delayMs) => queue.release(leases, delayMs),
      bury: (entries) => queue.bury(entries),
      counts: () => queue.counts(),
      close: () => queue.close(),
      [Symbol.asyncDispose]: () => queue.close(),
    };
    await enqueue(1);
    const subject = worker({ queue: slow });
    subject.start();
    await until(async () => (await queue.counts()).inFlight === 1);
    subject.pause();
    late.resolve();
    await until(async () => (await queue.counts()).backlog === 1);
    expect(began).toEqual([]);
    await subject.stop({ deadlineMs: 500 });
  });

  it('may be paused before it starts and resumed afterwards', async () => {
    await enqueue(1);
    gate.resolve();
    const subject = worker();
    subject.pause();
    expect(await subject.tick()).toBe(0);
    subject.start();
    subject.pause();
    await settled();
    expect(subject.stats()).toMatchObject({ state: 'paused', busy: 0 });
    expect(subject.stats().readyAtMs).toBeUndefined();
    subject.resume();
    subject.resume();
    await until(() => subject.stats().completed === 1);
    await subject.stop({ deadlineMs: 500 });
  });

  it('drains as one that is not paused does', async () => {
    await enqueue(1);
    const subject = worker();
    subject.start();
    await until(() => began.length === 1);
    subject.pause();
    const stopped = subject.stop({ deadlineMs: 10_000 });
    expect(subject.stats().state).toBe('draining');
    subject.resume();
    gate.resolve();
    await stopped;
    expect(subject.stats()).toMatchObject({ state: 'stopped', completed: 1 });
    expect(await queue.counts()).toEqual({ backlog: 0, inFlight: 0, delayed: 0 });
  });

  it('gives its protection up once its long job has ended', async () => {
    const said: string[] = [];
    const protection: TaskProtection = {
      busy: () => void said.push('busy'),
      idle: () => void said.push('idle'),
      state: 'protected',
      counts: { calls: 0, granted: 0, denied: 0, failed: 0 },
      protectedBefore: () => Promise.resolve(true),
      close: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    const producer = createProducer({ queueFor: () => queue });
    await producer.enqueue(long, { n: 1 });
    const subject = worker({ protection });
    subject.start();
    await until(() => began.length === 1);
    expect(subject.stats().isProtected).toBe(true);
    subject.pause();
    await settled();
    expect(said).toEqual(['busy']);
    gate.resolve();
    await until(() => said.length === 2);
    expect(said).toEqual(['busy', 'idle']);
    await subject.stop({ deadlineMs: 500 });
  });

  it('is well, and its health and figures say that it is paused', async () => {
    const subject = worker();
    subject.start();
    subject.pause();
    await using health = await serveHealth({ worker: subject, port: 0, maxSilenceMs: 1 });
    const get = async (path: string): Promise<Response> => fetch(`http://127.0.0.1:${health.port}${path}`);
    const ready = await get('/readyz');
    expect([ready.status, await ready.text()]).toEqual([200, 'paused\n']);
    expect(await (await get('/metrics')).text()).toContain('longshore_worker_paused{queue="tasks"} 1');
    await subject.stop({ deadlineMs: 500 });
  });
});
