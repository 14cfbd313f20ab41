import {
  defineJob,
  LongshoreError,
  bury,
  encodeEnvelope,
  release,
  retry,
  systemClock,
  type Envelope,
} from '@longshore/job';
import { memoryObjectStore } from '@longshore/objects/memory';
import { readJson, type ObjectStore } from '@longshore/objects';
import { createProducer, listDeadLetters, type Producer, type Queue } from '@longshore/queue';
import { memoryQueue } from '@longshore/queue/memory';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { objectAttemptStore } from './attempt-store.ts';
import { manualClock } from './fixtures/manual-clock.ts';
import { handle, type Handler, type HandlerContext, type OnceRunner } from './handler.ts';
import { serveHealth } from './health.ts';
import { jsonLog } from './json-log.ts';
import { crashRecord } from './settlement.ts';
import type { FinishedAttempt } from './session-options.ts';
import type { TaskProtection } from './task-protection.ts';
import { createWorker, type Worker, type WorkerOptions } from './worker.ts';

const task = defineJob({
  name: 'task',
  schema: z.object({ n: z.number() }),
  retry: { maxAttempts: 3, baseDelayMs: 0, maxDelayMs: 0, jitter: 'none' },
});
type Task = { n: number };
const silent = jsonLog({ level: 'silent' });

let dead: Queue;
let queue: Queue;
let objects: ObjectStore;
let producer: Producer;

beforeEach(() => {
  dead = memoryQueue({ name: 'tasks-dlq' });
  queue = memoryQueue({ name: 'tasks', deadLetters: dead, maxReceives: 100 });
  objects = memoryObjectStore();
  producer = createProducer({ queueFor: () => queue, objects });
});

function worker(run: Handler<Task>, options: Partial<WorkerOptions> = {}): Worker {
  return createWorker({
    queue,
    objects,
    producer,
    handlers: [handle(task, run)],
    log: silent,
    completeLingerMs: 0,
    waitMs: 50,
    ...options,
  });
}

async function tickUntilEmpty(subject: Worker): Promise<void> {
  for (let round = 0; round < 50; round += 1) {
    const { backlog, inFlight, delayed } = await queue.counts();
    if (backlog + inFlight + delayed === 0) return;
    await subject.tick({ waitMs: 20 });
  }
  throw new Error('The queue does not become empty');
}

const letters = () => listDeadLetters(dead, { limit: 10 });
const attempts = async (): Promise<number> => (await Array.fromAsync(objects.list('attempts/'))).length;

describe('a worker', () => {
  it('runs a job with its parsed payload and completes it', async () => {
    await producer.enqueue(task, { n: 7 });
    const seen: HandlerContext<Task>[] = [];
    expect(await worker((context) => Promise.resolve(void seen.push(context))).tick()).toBe(1);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ payload: { n: 7 }, attempt: 1, job: { name: 'task', version: 1 } });
    expect(await queue.counts()).toEqual({ backlog: 0, inFlight: 0, delayed: 0 });
  });

  it('tries a failing job as often as its policy says and buries it with every attempt', async () => {
    await producer.enqueue(task, { n: 1 });
    const seen: number[] = [];
    const subject = worker(({ attempt }) => {
      seen.push(attempt);
      return Promise.reject(new Error(`No ${attempt}`));
    });
    await tickUntilEmpty(subject);
    expect(seen).toEqual([1, 2, 3]);
    const [letter] = await letters();
    expect(letter).toMatchObject({ code: 'attempts_exhausted', jobName: 'task' });
    expect(letter?.attempts.map(({ message }) => message)).toEqual([
      'No 1',
      'No 2',
      expect.stringContaining('No 3'),
    ]);
    expect(await attempts()).toBe(0);
  });

  it('tells who listens of every attempt that ended, and of what was settled without one', async () => {
    const ended: FinishedAttempt[] = [];
    const { id } = await producer.enqueue(task, { n: 1 }, { delayMs: 0 });
    await queue.send([{ body: 'not json' }]);
    const subject = worker(
      ({ attempt }) => (attempt === 1 ? Promise.reject(new Error('No')) : Promise.resolve()),
      {
        onEnded: (attempt) => ended.push(attempt),
      },
    );
    await tickUntilEmpty(subject);
    const seen = (job: string): object[] =>
      ended
        .filter((each) => each.job === job)
        .map(({ id: seenId, outcome, attempt, receive }) => [seenId, outcome.kind, attempt, receive]);
    expect(seen('task')).toEqual([
      [id, 'retried', 1, 1],
      [id, 'completed', 2, 2],
    ]);
    expect(seen('unknown')).toEqual([[undefined, 'buried', 0, 1]]);
    const [first, second] = ended.filter(({ job }) => job === 'task');
    if (first === undefined || second === undefined) throw new TypeError('There are no attempts');
    expect(first.ranMs).toBeGreaterThanOrEqual(0);
    // Both waits begin when the job was sent.
    const sentAtMs = (each: FinishedAttempt): number => each.endedAtMs - each.ranMs - each.waitedMs;
    expect(sentAtMs(second)).toBeCloseTo(sentAtMs(first), 6);
    expect(second.waitedMs).toBeGreaterThan(first.waitedMs);
  });

  it('completes a job although who listens throws', async () => {
    await producer.enqueue(task, { n: 1 });
    let runs = 0;
    const subject = worker(() => Promise.resolve(void (runs += 1)), {
      onEnded: () => {
        throw new Error('Not today');
      },
    });
    await tickUntilEmpty(subject);
    expect(runs).toBe(1);
    expect(await letters()).toEqual([]);
  });

  it('buries at once what cannot succeed', async () => {
    await producer.enqueueAll(task, [{ n: 1 }, { n: 2 }]);
    await tickUntilEmpty(
      worker(({ payload }) => {
        if (payload.n === 1) return Promise.resolve(bury('too_blue', 'It is too blue'));
        throw new LongshoreError('encrypted', 'It is encrypted');
      }),
    );
    expect((await letters()).map(({ code }) => code).sort()).toEqual(['encrypted', 'too_blue']);
  });

  it('obeys retry and release; a release counts no attempt', async () => {
    await producer.enqueue(task, { n: 1 });
    const seen: number[] = [];
    const answers = [release(), release(), retry('again'), undefined];
    await tickUntilEmpty(
      worker(({ attempt }) => {
        seen.push(attempt);
        return Promise.resolve(answers[seen.length - 1]);
      }),
    );
    expect(seen).toEqual([1, 1, 1, 2]);
    expect(await letters()).toEqual([]);
  });

  it.each([
    ['undecodable_message', 'not json'],
    ['undecodable_message', '{"Records":[]}'],
    ['undecodable_message', '{"longshore":1,"__proto__":{"a":1}}'],
    [
      'invalid_payload',
      JSON.stringify({
        longshore: 1,
        id: 'i',
        name: 'task',
        version: 1,
        key: 'k',
        at: 1,
        payload: { n: 'x' },
      }),
    ],
    [
      'claim_corrupt',
      JSON.stringify({
        longshore: 1,
        id: 'i',
        name: 'task',
        version: 1,
        key: 'k',
        at: 1,
        claim: { key: '../secret', bytes: 1, sha256: 'a' },
      }),
    ],
    [
      'claim_missing',
      JSON.stringify({
        longshore: 1,
        id: 'i',
        name: 'task',
        version: 1,
        key: 'k',
        at: 1,
        claim: { key: 'claims/tasks/i.json', bytes: 1, sha256: 'a' },
      }),
    ],
  ])('buries a poison message as %s without running the handler, its body unharmed', async (code, body) => {
    await queue.send([{ body }]);
    let runs = 0;
    await tickUntilEmpty(worker(() => Promise.resolve(void (runs += 1))));
    expect(runs).toBe(0);
    const [letter] = await letters();
    expect(letter?.code).toBe(code);
    // What is no envelope stays as it was; an envelope gets its attempts.
    expect(code !== 'undecodable_message' || letter?.body === body).toBe(true);
  });

  it.each([
    ['unknown_job', { name: 'other' }],
    ['unknown_version', { version: 9 }],
  ])('gives an %s back for the grace time, then buries it', async (code, change) => {
    const envelope: Envelope = {
      id: 'i',
      name: 'task',
      version: 1,
      payload: { n: 1 },
      idempotencyKey: 'k',
      enqueuedAtMs: 1,
      attempts: [],
    };
    await queue.send([{ body: encodeEnvelope({ ...envelope, ...change }) }]);
    const run = (): Promise<void> => Promise.reject(new Error('must not run'));
    await worker(run).tick();
    expect(
      (await queue.counts()).backlog + (await queue.counts()).delayed + (await queue.counts()).inFlight,
    ).toBe(1);
    expect(await letters()).toEqual([]);
    await queue.send([{ body: encodeEnvelope({ ...envelope, ...change }) }]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await worker(run, { unknownJobGraceMs: 1 }).tick();
    expect((await letters()).map((letter) => letter.code)).toEqual([code]);
  });

  it('carries payloads over the size limit by claim check, and removes them after completion', async () => {
    const big = defineJob({ name: 'big', schema: z.object({ text: z.string() }) });
    await producer.enqueue(big, { text: 'x'.repeat(1_500_000) });
    expect(await Array.fromAsync(objects.list('claims/'))).toHaveLength(1);
    let length = 0;
    const subject = createWorker({
      queue,
      objects,
      log: silent,
      handlers: [handle(big, ({ payload }) => Promise.resolve(void (length = payload.text.length)))],
    });
    await subject.tick();
    expect(length).toBe(1_500_000);
    expect(await Array.fromAsync(objects.list('claims/'))).toEqual([]);
  });

  it('lets the slowest message hold nobody', async () => {
    await producer.enqueueAll(
      task,
      Array.from({ length: 12 }, (_, n) => ({ n })),
    );
    const slow = Promise.withResolvers<void>();
    const fast = Promise.withResolvers<void>();
    const done: number[] = [];
    const subject = worker(
      async ({ payload }) => {
        if (payload.n === 0) await slow.promise;
        done.push(payload.n);
        if (done.length === 11) fast.resolve();
      },
      { slots: 2 },
    );
    subject.start();
    await fast.promise;
    expect(done).not.toContain(0);
    slow.resolve();
    await subject.stop({ deadlineMs: 5_000 });
    expect(done).toHaveLength(12);
    expect(await queue.counts()).toEqual({ backlog: 0, inFlight: 0, delayed: 0 });
  });

  it('aborts a handler at its timeout, keeps its slot until it returns, and counts the attempt', async () => {
    const short = defineJob({
      name: 'short',
      schema: z.object({}),
      timeoutMs: 20,
      retry: { maxAttempts: 1 },
    });
    await producer.enqueue(short, {});
    let busyAfterAbort = -1;
    const subject: Worker = createWorker({
      queue,
      objects,
      log: silent,
      handlers: [
        handle(short, async ({ signal }) => {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          busyAfterAbort = subject.stats().busy;
          throw new Error('stopped');
        }),
      ],
    });
    subject.start();
    while ((await dead.counts()).backlog === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await subject.stop({ deadlineMs: 1_000 });
    expect(busyAfterAbort).toBe(1);
    expect((await letters())[0]?.reason).toContain('timeout of 20 ms');
  });

  it('interrupts what is left at the end of a drain; the job returns at once and no attempt is counted', async () => {
    await producer.enqueue(task, { n: 1 });
    const started = Promise.withResolvers<void>();
    const first = worker(async ({ signal }) => {
      started.resolve();
      await new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      );
    });
    first.start();
    await started.promise;
    await first.stop({ deadlineMs: 100 });
    expect(await queue.counts()).toEqual({ backlog: 1, inFlight: 0, delayed: 0 });
    const seen: number[] = [];
    await tickUntilEmpty(worker(({ attempt }) => Promise.resolve(void seen.push(attempt))));
    expect(seen).toEqual([1]);
  });

  it('gives back the job of a handler that ignores its signal, and its late result changes nothing', async () => {
    await producer.enqueue(task, { n: 1 });
    const started = Promise.withResolvers<void>();
    const deaf = Promise.withResolvers<void>();
    const first = worker(async () => {
      started.resolve();
      await deaf.promise;
    });
    first.start();
    await started.promise;
    await first.stop({ deadlineMs: 50 });
    deaf.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect((await queue.counts()).backlog).toBe(1);
  });

  it('aborts the handler and acknowledges nothing when the lease is lost', async () => {
    await producer.enqueue(task, { n: 1 });
    const stale: Queue = {
      ...bound(queue),
      extend: (leases) =>
        Promise.resolve(leases.map(() => ({ ok: false, code: 'lease_lost', message: 'gone' }))),
    };
    const reasons: unknown[] = [];
    const subject = worker(
      ({ signal }) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => {
            reasons.push(signal.reason);
            reject(signal.reason as Error);
          }),
        ),
      { queue: stale, leaseMs: 1_000 },
    );
    subject.start();
    while (reasons.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await subject.stop({ deadlineMs: 1_000 });
    expect(reasons[0]).toMatchObject({ code: 'lease_lost' });
    expect(await attempts()).toBe(0);
    const { backlog, inFlight } = await queue.counts();
    expect(backlog + inFlight).toBe(1);
  });

  it('acknowledges the redelivery of a job whose deletion failed, without a second run', async () => {
    await producer.enqueue(task, { n: 1 });
    let refusals = 0;
    const forgetful: Queue = {
      ...bound(queue),
      async complete(leases) {
        if (refusals > 0) return queue.complete(leases);
        refusals += 1;
        await queue.release(leases, 0);
        return leases.map(() => ({ ok: false, code: 'lease_lost', message: 'expired' }));
      },
    };
    let runs = 0;
    const subject = worker(() => Promise.resolve(void (runs += 1)), { queue: forgetful });
    subject.start();
    while ((await queue.counts()).backlog + (await queue.counts()).inFlight > 0 || refusals === 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await subject.stop({ deadlineMs: 1_000 });
    expect(runs).toBe(1);
  });

  it('derives the ids of follow-ups, so that a second run enqueues the same job', async () => {
    const next: string[] = [];
    const recording = {
      enqueue: (_definition: unknown, _payload: unknown, { id }: { id: string }) =>
        Promise.resolve(void next.push(id)),
    };
    const { id } = await producer.enqueue(task, { n: 1 });
    let runs = 0;
    await tickUntilEmpty(
      worker(
        async ({ enqueue }) => {
          await enqueue(task, { n: 2 });
          await enqueue(task, { n: 3 }, { key: 'three' });
          runs += 1;
          if (runs === 1) throw new Error('after the follow-ups');
        },
        { producer: recording },
      ),
    );
    expect(next).toHaveLength(4);
    expect(next.slice(0, 2)).toEqual(next.slice(2));
    expect(new Set([...next, id]).size).toBe(3);
  });

  it('reads messages of others through a decoder', async () => {
    await queue.send([{ body: '{"hello":"world"}' }]);
    const seen: unknown[] = [];
    const subject = worker(({ payload, job }) => Promise.resolve(void seen.push(payload.n, job.id)), {
      decoders: [
        (json, message) =>
          typeof json === 'object' && json !== null && 'hello' in json
            ? {
                id: message.messageId,
                name: 'task',
                version: 1,
                payload: { n: 5 },
                idempotencyKey: 'h',
                enqueuedAtMs: 1,
                attempts: [],
              }
            : undefined,
      ],
    });
    await subject.tick();
    expect(seen).toEqual([5, expect.any(String)]);
  });

  /** What a worker leaves that died with the job at this receipt. */
  const dieWith = async (n: number, times: number): Promise<void> => {
    await producer.enqueue(task, { n });
    const store = objectAttemptStore(objects, 'tasks');
    for (let crash = 0; crash < times; crash += 1) {
      const [message] = await queue.receive({ max: 1, waitMs: 0, leaseMs: 1_000 });
      if (message === undefined) throw new Error('Expected a message');
      await store.append(message.messageId, crashRecord(message, systemClock));
      await queue.release([message.lease], 0);
    }
  };

  it('buries a job whose worker died with it too often', async () => {
    await dieWith(1, 3);
    await tickUntilEmpty(worker(() => Promise.resolve(), { maxCrashes: 3 }));
    expect((await letters())[0]).toMatchObject({ code: 'crashed' });
    expect(await attempts()).toBe(0);
  });

  it('does not take lost replies for crashes: a job that was often received and never started is run', async () => {
    await producer.enqueue(task, { n: 1 });
    for (let time = 0; time < 15; time += 1) {
      const [message] = await queue.receive({ max: 1, waitMs: 0, leaseMs: 1_000 });
      if (message !== undefined) await queue.release([message.lease], 0);
    }
    let runs = 0;
    await tickUntilEmpty(worker(() => Promise.resolve(void (runs += 1)), { maxCrashes: 1 }));
    expect(runs).toBe(1);
    expect(await letters()).toEqual([]);
  });

  it('runs a job alone that was running when a worker died, and others beside each other', async () => {
    await dieWith(1, 1);
    await producer.enqueueAll(
      task,
      [2, 3, 4].map((n) => ({ n })),
    );
    const running = new Set<number>();
    const company = new Map<number, number>();
    const subject = worker(
      async ({ payload: { n } }) => {
        running.add(n);
        for (const each of running) company.set(each, Math.max(company.get(each) ?? 0, running.size));
        await new Promise((resolve) => setTimeout(resolve, 20));
        running.delete(n);
      },
      { slots: 4 },
    );
    await tickUntilEmpty(subject);
    expect(company.get(1)).toBe(1);
    expect(Math.max(...[2, 3, 4].map((n) => company.get(n) ?? 0))).toBeGreaterThan(1);
    expect(await attempts()).toBe(0);
  });

  it('leaves a record of a crash when the process ends while a job runs for the second time', async () => {
    await producer.enqueue(task, { n: 1 });
    const [message] = await queue.receive({ max: 1, waitMs: 0, leaseMs: 1_000 });
    if (message !== undefined) await queue.release([message.lease], 0);
    const seen: unknown[] = [];
    const subject = worker(async () => {
      for await (const { key } of objects.list('attempts/')) seen.push(await readJson(objects, key));
    });
    await tickUntilEmpty(subject);
    expect(seen).toMatchObject([{ kind: 'crashed', receive: 2 }]);
    expect(await attempts()).toBe(0);
  });

  it('gives back what waits too long for a slot, since another worker may be free', async () => {
    const clock = manualClock();
    const slow = memoryQueue({ name: 'tasks', clock });
    const send = createProducer({ queueFor: () => slow, clock });
    for (let n = 0; n < 12; n += 1) void send.enqueue(task, { n });
    await clock.advance(10);
    const finish: (() => void)[] = [];
    const subject = worker(
      async ({ payload: { n } }) => {
        // Quick at first, so that more is taken than there are slots; then all slots hang.
        if (n >= 2) await new Promise<void>((resolve) => finish.push(resolve));
      },
      { queue: slow, clock, slots: 2 },
    );
    subject.start();
    await clock.advance(1_000);
    expect(await slow.counts()).toMatchObject({ backlog: 0, inFlight: 10 });
    await clock.advance(5_000);
    expect(await slow.counts()).toMatchObject({ backlog: 8, inFlight: 2 });
    for (const end of finish) end();
    const stopped = subject.stop({ deadlineMs: 1_000 });
    await clock.advance(2_000);
    await stopped;
  });

  it('takes no more jobs while a dependency is down, and counts no attempt for what it tried', async () => {
    const clock = manualClock();
    const jobs = memoryQueue({ name: 'tasks', clock, maxReceives: 20, deadLetters: dead });
    const send = createProducer({ queueFor: () => jobs, clock });
    for (let n = 0; n < 30; n += 1) void send.enqueue(task, { n });
    await clock.advance(10);
    let isDown = true;
    const seen: number[] = [];
    const subject = worker(
      ({ attempt }) => {
        seen.push(attempt);
        if (isDown)
          throw new LongshoreError('dependency_down', 'The database is out of reach', { retryable: true });
        return Promise.resolve();
      },
      { queue: jobs, clock, slots: 4 },
    );
    subject.start();
    await clock.advance(60_000);
    // Some at first, then one at a time, ever more seldom.
    expect(seen.length).toBeLessThan(30);
    expect(subject.metricsText()).toContain('longshore_worker_breaker_open{queue="tasks"} 1');
    isDown = false;
    await clock.advance(120_000);
    expect(await jobs.counts()).toEqual({ backlog: 0, inFlight: 0, delayed: 0 });
    expect(new Set(seen)).toEqual(new Set([1]));
    expect(await letters()).toEqual([]);
    const stopped = subject.stop({ deadlineMs: 1_000 });
    await clock.advance(2_000);
    await stopped;
  });

  it('leaves a long job in the queue while its task is not protected, and runs it once it is', async () => {
    const calls: string[] = [];
    let isGranted = false;
    const protection: TaskProtection = {
      busy: () => void calls.push('busy'),
      idle: () => void calls.push('idle'),
      state: 'denied',
      counts: { calls: 0, granted: 0, denied: 0, failed: 0 },
      protectedBefore: () => Promise.resolve(isGranted),
      close: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    await producer.enqueue(task, { n: 1 });
    let runs = 0;
    const run = () => Promise.resolve(void (runs += 1));
    await worker(run, { protection }).tick();
    expect({ runs, calls, ...(await queue.counts()) }).toMatchObject({ runs: 0, calls: ['busy', 'idle'] });
    const [message] = await Array.fromAsync([await queue.counts()]);
    expect((message?.inFlight ?? 0) + (message?.delayed ?? 0)).toBe(1);
    isGranted = true;
    await producer.enqueue(task, { n: 2 });
    await worker(run, { protection }).tick();
    expect(runs).toBe(1);
    calls.length = 0;
    await producer.enqueue(task, { n: 3 });
    // Shorter than what a drain lets end: no protection is asked for.
    await worker(run, { protection, protectAboveMs: 43_200_000 }).tick();
    expect({ runs, calls }).toEqual({ runs: 2, calls: [] });
  });

  it('lets jobs in by what they cost', async () => {
    const heavy = defineJob({ name: 'heavy', schema: z.object({}), cost: { slots: 3 } });
    await producer.enqueue(heavy, {});
    for (let n = 0; n < 3; n += 1) await producer.enqueue(task, { n });
    const running: string[] = [];
    const company: string[][] = [];
    const run = (name: string) => async (): Promise<void> => {
      running.push(name);
      company.push([...running]);
      await new Promise((resolve) => setTimeout(resolve, 10));
      running.splice(running.indexOf(name), 1);
    };
    const subject = worker(run('task'), {
      slots: 4,
      handlers: [handle(heavy, run('heavy')), handle(task, run('task'))],
    });
    await tickUntilEmpty(subject);
    expect(company.flat().filter((name) => name === 'heavy').length).toBeGreaterThan(0);
    for (const names of company) expect(names.includes('heavy') ? names.length : 1).toBeLessThanOrEqual(2);
  });

  it('runs an effect once for a job, under a key of the job', async () => {
    const keys: string[] = [];
    const once: OnceRunner = {
      once: async (key, effect, { signal }) => {
        keys.push(key);
        return effect({ fence: 1, signal });
      },
    };
    await producer.enqueue(task, { n: 1 }, { idempotencyKey: 'invoice-7' });
    const results: unknown[] = [];
    await worker(
      async (context) => {
        const { once: runOnce } = context;
        results.push(await runOnce('charge', ({ fence }) => Promise.resolve({ fence })));
      },
      { once },
    ).tick();
    expect({ keys, results }).toEqual({ keys: ['task/invoice-7/charge'], results: [{ fence: 1 }] });
  });

  it('gives a job back whose effect another delivery is just having, and counts no attempt', async () => {
    const once: OnceRunner = {
      once: () =>
        Promise.reject(
          new LongshoreError('once_busy', 'Another one has it', {
            retryable: true,
            details: { retryAfterMs: 0 },
          }),
        ),
    };
    await producer.enqueue(task, { n: 1 });
    const seen: number[] = [];
    const subject = worker(
      async ({ attempt, once: runOnce }) => {
        seen.push(attempt);
        if (seen.length < 5) await runOnce('charge', () => Promise.resolve());
      },
      { once },
    );
    await tickUntilEmpty(subject);
    expect(seen).toEqual([1, 1, 1, 1, 1]);
  });

  it('reports every wrong option at once', () => {
    expect(() => worker(() => Promise.resolve(), { slots: 0, leaseMs: 5 })).toThrow(
      /slots is 0.*leaseMs is 5/,
    );
    expect(() => createWorker({ queue, handlers: [], log: silent })).toThrow(/at least one handler/);
    const twice = handle(task, () => Promise.resolve());
    expect(() => createWorker({ queue, handlers: [twice, twice], log: silent })).toThrow(/two handlers/);
  });

  it('may be stopped before it starts, and stopped twice', async () => {
    const subject = worker(() => Promise.resolve());
    await subject.stop({ deadlineMs: 10 });
    subject.start();
    subject.start();
    await Promise.all([subject.stop({ deadlineMs: 100 }), subject.stop({ deadlineMs: 100 })]);
    expect(subject.stats().state).toBe('stopped');
  });
});

describe('the health endpoint', () => {
  it('tells live, ready and figures', async () => {
    const subject = worker(() => Promise.resolve());
    await using health = await serveHealth({ worker: subject, port: 0 });
    const get = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${health.port}${path}`);
      return { status: response.status, body: await response.text() };
    };
    expect((await get('/livez')).status).toBe(200);
    expect(await get('/readyz')).toMatchObject({
      status: 503,
      body: expect.stringContaining('stopped') as string,
    });
    await producer.enqueue(task, { n: 1 });
    subject.start();
    while ((await get('/readyz')).status !== 200) await new Promise((resolve) => setTimeout(resolve, 10));
    while (subject.stats().completed === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    const { body } = await get('/metrics');
    expect(body).toContain('longshore_jobs_total{queue="tasks",job="task",outcome="completed"} 1');
    expect(body).toMatch(
      /longshore_process_duration_seconds_bucket\{queue="tasks",job="task",le="\+Inf"\} 1/,
    );
    await subject.stop({ deadlineMs: 500 });
    expect((await get('/nowhere')).status).toBe(404);
  });
});

/** A queue's methods as own properties, so that a test can replace one. */
function bound(original: Queue): Queue {
  return {
    name: original.name,
    capabilities: original.capabilities,
    connection: undefined,
    send: (messages) => original.send(messages),
    receive: (options) => original.receive(options),
    complete: (leases) => original.complete(leases),
    extend: (leases, leaseMs) => original.extend(leases, leaseMs),
    release: (leases, delayMs) => original.release(leases, delayMs),
    bury: (entries) => original.bury(entries),
    counts: () => original.counts(),
    close: () => original.close(),
    [Symbol.asyncDispose]: () => original.close(),
  };
}
