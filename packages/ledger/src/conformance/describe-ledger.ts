/** The contract of a ledger as tests. Every driver runs the whole suite. */
import { randomUUID } from 'node:crypto';
import { LongshoreError } from '@longshore/job';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRecorder, type RecorderOptions } from '../recorder.ts';
import { quantileMs } from '../histogram.ts';
import type { Ledger, LedgerBatch } from '../ledger.ts';
import type { Retention } from '../retention.ts';
import type { EndedAttempt } from '../tally.ts';

/** A ledger opened for a case. */
export interface OpenedLedger {
  readonly ledger: Ledger;
  /** Opens the same ledger once more, as another process would. */
  readonly reopen: () => Promise<Ledger>;
  /** Removes what opening made. The suite closes the ledgers. */
  readonly close?: () => Promise<void>;
}

/** A driver under test. */
export interface LedgerSuite {
  /** Shown in the test report. */
  readonly name: string;
  /** Opens an empty ledger. */
  readonly open: (options: { readonly retention?: Retention }) => Promise<OpenedLedger>;
  /** Ends what all cases shared. */
  readonly end?: () => Promise<void>;
}

const DAY_MS = 86_400_000;
/** A round moment: the start of a bucket of any length up to a day. */
const START_MS = 20_000 * DAY_MS;
const ALWAYS = { fromMs: 0, toMs: 2 * START_MS };

/** Declares the suite for a driver. Call it at the top level of a test file. */
export function describeLedger(suite: LedgerSuite): void {
  describe(`the ${suite.name} ledger`, () => {
    let opened: OpenedLedger;
    let ledger: Ledger;
    beforeEach(async () => {
      opened = await suite.open({});
      ledger = opened.ledger;
    });
    afterEach(async () => {
      await ledger.close();
      await opened.close?.();
    });
    afterAll(async () => {
      await suite.end?.();
    });

    countCases(() => ledger);
    batchCases(
      () => ledger,
      () => opened.reopen(),
    );
    exampleCases(() => ledger);
    scalingCases(() => ledger);
    retentionCases(suite);

    it('refuses queries that mean nothing, naming the value', async () => {
      const wrong = [
        ledger.arrivals({ ...ALWAYS, bucketMs: 15_000 }),
        ledger.arrivals({ ...ALWAYS, bucketMs: 0 }),
        ledger.summary({ fromMs: Number.NaN, toMs: 1 }),
        ledger.jobs({ ...ALWAYS, limit: 0 }),
        ledger.scaling({ ...ALWAYS, limit: 1.5 }),
      ];
      for (const each of wrong)
        await expect(each).rejects.toMatchObject({
          code: 'invalid_options',
          message: expect.stringContaining('expected') as string,
        });
    });

    it('may be closed again, and does nothing more', async () => {
      await ledger.close();
      await ledger.close();
      await expect(ledger.append(batch())).rejects.toMatchObject({ code: 'closed' });
      await expect(ledger.arrivals(ALWAYS)).rejects.toMatchObject({ code: 'closed' });
    });
  });
}

function countCases(ledger: () => Ledger): void {
  it('has nothing at first', async () => {
    expect(await ledger().arrivals(ALWAYS)).toEqual([]);
    expect(await ledger().summary(ALWAYS)).toEqual({ jobs: [], workers: [] });
    expect(await ledger().jobs(ALWAYS)).toEqual([]);
    expect(await ledger().scaling(ALWAYS)).toEqual([]);
  });

  it('answers what a recorder was told: outcomes, waits, durations within 5 %', async () => {
    await record(ledger(), (recorder) => {
      for (let index = 0; index < 100; index += 1)
        recorder.ended(
          attempt({ waitedMs: 10 * (index + 1), ranMs: 100, endedAtMs: START_MS + index * 100 }),
        );
      recorder.ended(attempt({ outcome: retried, ranMs: 7_000 }));
      recorder.ended(attempt({ attempt: 2, receive: 2, waitedMs: 90_000, ranMs: 100 }));
    });
    const { jobs } = await ledger().summary(ALWAYS);
    expect(jobs).toHaveLength(1);
    expect(jobs[0]).toMatchObject({
      service: 'mail',
      job: 'send-mail',
      outcomes: { completed: 101, retried: 1 },
      meanAttempts: 102 / 101,
      waited: { count: 101 },
      ran: { count: 102, meanMs: (101 * 100 + 7_000) / 102 },
    });
    const [summary] = jobs;
    if (summary === undefined) throw new TypeError('There is no summary');
    // The wait of a second delivery is none for a worker.
    expect(summary.waited.meanMs).toBeCloseTo((50.5 * 10 * 100 + 5) / 101, 6);
    const median = quantileMs(summary.waited, 0.5);
    expect(Math.abs(median - 500) / 500).toBeLessThanOrEqual(0.05);
    expect(Math.abs(quantileMs(summary.ran, 1) - 7_000) / 7_000).toBeLessThanOrEqual(0.05);
  });

  it('counts arrivals by when they were sent, from producers and from workers', async () => {
    await record(ledger(), (recorder, clock) => {
      clock.nowMs = START_MS + 1_000;
      recorder.sent('send-mail', 3);
      clock.nowMs = START_MS + 11_000;
      recorder.sent('send-mail', 1);
      const sent = (sentAtMs: number, fields: Partial<EndedAttempt> = {}): void =>
        recorder.ended(attempt({ waitedMs: 50_000, ranMs: 500, endedAtMs: sentAtMs + 50_500, ...fields }));
      for (const sentAtMs of [START_MS, START_MS + 9_999, START_MS + 10_000, START_MS + 12_000])
        sent(sentAtMs);
      // It comes again and is settled then.
      sent(START_MS, { outcome: retried });
      sent(START_MS, { job: 'bill', outcome: { kind: 'buried', code: 'x', reason: 'y' } });
    });
    const row = { service: 'mail', job: 'send-mail' };
    expect(await ledger().arrivals({ ...ALWAYS, job: 'send-mail' })).toEqual([
      { ...row, atMs: START_MS, count: 3, sent: 3, settled: 2 },
      { ...row, atMs: START_MS + 10_000, count: 2, sent: 1, settled: 2 },
    ]);
    expect(await ledger().arrivals({ ...ALWAYS, service: 'mail', bucketMs: 60_000 })).toEqual([
      { service: 'mail', job: 'bill', atMs: START_MS, count: 1, sent: 0, settled: 1 },
      { ...row, atMs: START_MS, count: 4, sent: 4, settled: 4 },
    ]);
    const second = { fromMs: START_MS + 10_000, toMs: START_MS + 20_000 };
    expect(await ledger().arrivals(second)).toHaveLength(1);
    expect(await ledger().arrivals({ ...ALWAYS, service: 'other' })).toEqual([]);
  });

  it('gives a job that is sent to the service that works on it', async () => {
    const serviceOf = (job: string): string | undefined => (job === 'index' ? 'indexing' : undefined);
    await record(ledger(), (recorder) => recorder.sent('index', 2), { serviceOf });
    expect(await ledger().arrivals(ALWAYS)).toMatchObject([{ service: 'indexing', job: 'index', sent: 2 }]);
    expect(await ledger().arrivals({ ...ALWAYS, service: 'mail' })).toEqual([]);
  });

  it('adds up what several processes append at once, each in its own order', async () => {
    const jobs = Array.from({ length: 300 }, (_, index) => `job-${String(index).padStart(3, '0')}`);
    const process = async (turn: number): Promise<void> => {
      const names = turn % 2 === 0 ? jobs : jobs.toReversed();
      const rows = {
        attempts: names.map((job) => ({ ...counts(2), job })),
        arrivals: names.map((job) => ({ ...arrivals(1, 2), job })),
        bins: names.map((job) => ({ ...bin(2), job })),
      };
      const writer = randomUUID();
      for (let sequence = 1; sequence <= 5; sequence += 1)
        await ledger().append(batch({ writer, sequence, ...rows }));
    };
    await Promise.all(Array.from({ length: 8 }, async (_, turn) => await process(turn)));
    const summary = await ledger().summary(ALWAYS);
    const all = { outcomes: { completed: 80 }, ran: { count: 80, meanMs: 50 } };
    expect(summary.jobs).toMatchObject(jobs.map(() => all));
    const arrived = await ledger().arrivals(ALWAYS);
    expect(arrived).toMatchObject(jobs.map(() => ({ sent: 40, settled: 80, count: 80 })));
    expect(summary.workers).toHaveLength(8);
  });
}

function batchCases(ledger: () => Ledger, reopen: () => Promise<Ledger>): void {
  it('takes a batch once, however often and late it comes', async () => {
    const first = batch({ sequence: 1, attempts: [counts(1)], jobs: [example('a')] });
    const second = batch({ ...first, sequence: 2, attempts: [counts(10)], jobs: [example('b')] });
    await ledger().append(first);
    await ledger().append(first);
    await ledger().append(second);
    await ledger().append(first);
    await ledger().append(second);
    await using again = await reopen();
    await again.append(second);
    const { jobs } = await again.summary(ALWAYS);
    expect(jobs).toMatchObject([{ outcomes: { completed: 11 } }]);
    expect((await again.jobs(ALWAYS)).map(({ id }) => id)).toEqual(['b', 'a']);
  });

  it('counts once what a recorder sends again because a reply was lost', async () => {
    let lost = 0;
    const flaky: Ledger = {
      ...ledger(),
      async append(each) {
        await ledger().append(each);
        lost += 1;
        if (lost <= 2) throw new LongshoreError('ledger_unavailable', 'No reply', { retryable: true });
      },
    };
    const recorder = createRecorder(settings(flaky, { nowMs: START_MS }));
    recorder.ended(attempt({ id: 'first', outcome: retried }));
    recorder.sent('send-mail', 5);
    await expect(recorder.flush()).rejects.toMatchObject({ retryable: true });
    recorder.ended(attempt());
    await expect(recorder.flush()).rejects.toMatchObject({ retryable: true });
    await recorder.flush();
    expect((await ledger().summary(ALWAYS)).jobs).toMatchObject([
      { outcomes: { retried: 1, completed: 1 }, ran: { count: 2 } },
    ]);
    const arrived = await ledger().arrivals(ALWAYS);
    expect(arrived.reduce((sum, { sent }) => sum + sent, 0)).toBe(5);
    expect(await ledger().jobs({ ...ALWAYS, outcomes: ['retried'] })).toHaveLength(1);
    await recorder.stop({ deadlineMs: 0 });
  });

  it('says what a process said of itself last', async () => {
    const first = batch({ sequence: 1, atMs: START_MS, rssBytes: 10, maxRssBytes: 20, dropped: 0 });
    await ledger().append(first);
    const later = {
      ...first,
      sequence: 2,
      atMs: START_MS + 60_000,
      rssBytes: 15,
      maxRssBytes: 30,
      dropped: 4,
    };
    await ledger().append(later);
    const { workers } = await ledger().summary({ ...ALWAYS, service: 'mail' });
    const { writer, worker, service, revision } = first;
    expect(workers).toEqual([
      {
        writer,
        worker,
        service,
        revision,
        rssBytes: 15,
        maxRssBytes: 30,
        dropped: 4,
        firstSeenMs: START_MS,
        lastSeenMs: START_MS + 60_000,
      },
    ]);
    expect((await ledger().summary({ ...ALWAYS, service: 'other' })).workers).toEqual([]);
    expect((await ledger().summary({ fromMs: 0, toMs: START_MS })).workers).toEqual([]);
  });

  it('is seen by everybody who opens it, at once', async () => {
    await using other = await reopen();
    await other.append(batch({ attempts: [counts(3)] }));
    expect((await ledger().summary(ALWAYS)).jobs).toMatchObject([{ outcomes: { completed: 3 } }]);
  });

  it('holds any text that a recorder gives it', async () => {
    const nasty = `'"\\ \0 \ud800 ${'é'.repeat(300)} 💥 DROP TABLE`;
    await record(ledger(), (recorder) =>
      recorder.ended(
        attempt({ job: nasty, id: nasty, outcome: { kind: 'buried', code: nasty, reason: nasty } }),
      ),
    );
    const [found] = await ledger().jobs(ALWAYS);
    expect(found?.job).toMatch(/^'"\\ .*é{100}/);
    expect(found?.reason).toMatch(/💥 DROP TABLE$/);
    expect((await ledger().summary({ ...ALWAYS, job: found?.job ?? '' })).jobs).toHaveLength(1);
  });
}

function exampleCases(ledger: () => Ledger): void {
  it('shows what went wrong and the slowest, with who ran it, last first', async () => {
    await record(ledger(), (recorder) => {
      for (let index = 0; index < 50; index += 1)
        recorder.ended(
          attempt({ id: `ok-${index}`, ranMs: index === 30 ? 900 : 10, endedAtMs: START_MS + index }),
        );
      recorder.ended(attempt({ id: 'bad', outcome: retried, attempt: 2, endedAtMs: START_MS + 1_000 }));
      const buried = { kind: 'buried', code: 'corrupt', reason: 'No such page' } as const;
      recorder.ended(attempt({ id: 'dead', outcome: buried, endedAtMs: START_MS + 2_000 }));
    });
    const jobs = await ledger().jobs(ALWAYS);
    expect(jobs.map(({ id }) => id)).toEqual(expect.arrayContaining(['bad', 'dead', 'ok-30']));
    expect(jobs[0]).toEqual({
      atMs: START_MS + 2_000,
      service: 'mail',
      worker: 'mail-1',
      revision: 'r1',
      job: 'send-mail',
      id: 'dead',
      outcome: 'buried',
      attempt: 1,
      waitedMs: 5,
      ranMs: 10,
      code: 'corrupt',
      reason: 'No such page',
    });
    expect(jobs.length).toBeLessThanOrEqual(4);
    const failures = await ledger().jobs({ ...ALWAYS, outcomes: ['retried', 'buried'], limit: 1 });
    expect(failures.map(({ id }) => id)).toEqual(['dead']);
    expect(await ledger().jobs({ ...ALWAYS, outcomes: [] })).toEqual([]);
    expect(await ledger().jobs({ ...ALWAYS, job: 'other' })).toEqual([]);
  });
}

function scalingCases(ledger: () => Ledger): void {
  const step = (index: number, service = 'mail') => ({
    service,
    atMs: START_MS + index * 1_000,
    desired: index,
    isChange: index % 2 === 0,
    reason: `Because of ${index}`,
    record: { facts: { backlog: index, odd: ['\u0000', '\ud800', 1e21, null] }, z: 1, a: 2 },
  });

  it('gives scaling records back as they were, key by key', async () => {
    const records = Array.from({ length: 250 }, (_, index) => step(index));
    await ledger().appendScaling(records);
    await ledger().appendScaling(records.slice(0, 5));
    await ledger().appendScaling([]);
    const found = await ledger().scaling({ ...ALWAYS, service: 'mail' });
    expect(found).toEqual(records);
    expect(JSON.stringify(found)).toBe(JSON.stringify(records));
  });

  it('pages through them from either end, and through changes alone', async () => {
    await ledger().appendScaling([4, 1, 3, 0, 2].map((index) => step(index)));
    await ledger().appendScaling([step(1, 'other')]);
    const desired = async (query: object): Promise<readonly number[]> =>
      (await ledger().scaling({ ...ALWAYS, service: 'mail', ...query })).map((each) => each.desired);
    expect(await desired({ limit: 2 })).toEqual([0, 1]);
    expect(await desired({ limit: 2, fromMs: START_MS + 1_001 })).toEqual([2, 3]);
    expect(await desired({ limit: 2, order: 'newest' })).toEqual([4, 3]);
    expect(await desired({ changesOnly: true })).toEqual([0, 2, 4]);
    expect(await ledger().scaling(ALWAYS)).toHaveLength(6);
  });

  it('refuses a record that is no JSON', async () => {
    const wrong = { ...step(1), record: undefined };
    await expect(ledger().appendScaling([step(0), wrong])).rejects.toMatchObject({ code: 'invalid_options' });
    expect(await ledger().scaling(ALWAYS)).toEqual([]);
  });
}

function retentionCases(suite: LedgerSuite): void {
  it('removes what is older than its retention, step by step, and nothing else', async () => {
    const retention = { countsMs: 10 * DAY_MS, jobsMs: DAY_MS, maxJobs: 1_000, scalingMs: 2 * DAY_MS };
    const { ledger, close } = await suite.open({ retention });
    const at = (atMs: number, sequence: number): LedgerBatch =>
      batch({
        writer: `writer-${sequence}`,
        atMs,
        attempts: Array.from({ length: 2_500 }, (_, index) => ({ ...counts(1), atMs, job: `job-${index}` })),
        arrivals: [{ ...arrivals(1, 1), atMs }],
        bins: [{ ...bin(1), atMs }],
        jobs: [{ ...example(`at-${sequence}`), atMs }],
      });
    const oldMs = START_MS - 11 * DAY_MS;
    await ledger.append(at(oldMs, 1));
    await ledger.append(at(START_MS - 3 * DAY_MS, 2));
    await ledger.append(at(START_MS, 3));
    const scaling = { service: 'mail', desired: 1, isChange: true, reason: '', record: {} };
    await ledger.appendScaling(
      [oldMs, START_MS - 3 * DAY_MS, START_MS].map((atMs) => ({ ...scaling, atMs })),
    );
    let steps = 0;
    for (; !(await ledger.prune(START_MS)).isDone; steps += 1) expect(steps).toBeLessThan(20);
    expect(steps).toBeGreaterThan(0);
    expect((await ledger.arrivals(ALWAYS)).map(({ atMs }) => atMs)).toEqual([
      START_MS - 3 * DAY_MS,
      START_MS,
    ]);
    const { jobs, workers } = await ledger.summary(ALWAYS);
    expect(jobs).toHaveLength(2_500);
    expect(jobs[0]).toMatchObject({ outcomes: { completed: 2 } });
    expect(workers.map(({ writer }) => writer)).toEqual(['writer-3', 'writer-2']);
    expect((await ledger.jobs(ALWAYS)).map(({ id }) => id)).toEqual(['at-3']);
    expect(await ledger.scaling(ALWAYS)).toHaveLength(1);
    expect(await ledger.prune(START_MS)).toEqual({ removed: 0, isDone: true });
    await ledger.close();
    await close?.();
  });

  it('keeps no more examples than it may', async () => {
    const { ledger, close } = await suite.open({ retention: { maxJobs: 1_000 } });
    const jobs = Array.from({ length: 4_500 }, (_, index) => example(`job-${index}`));
    await ledger.append(batch({ jobs }));
    expect(await ledger.prune(START_MS)).toEqual({ removed: 2_000, isDone: false });
    expect(await ledger.prune(START_MS)).toEqual({ removed: 1_500, isDone: true });
    const left = await ledger.jobs({ ...ALWAYS, limit: 10_000 });
    expect(left).toHaveLength(1_000);
    expect(left[0]?.id).toBe('job-4499');
    await ledger.close();
    await close?.();
  });

  it('refuses a retention of nothing', async () => {
    await expect(async () => await suite.open({ retention: { jobsMs: 0 } })).rejects.toMatchObject({
      code: 'invalid_options',
    });
  });
}

const retried = { kind: 'retried', delayMs: 1, code: 'handler_failed', reason: 'Broken' } as const;

function attempt(fields: Partial<EndedAttempt> = {}): EndedAttempt {
  return {
    job: 'send-mail',
    id: 'job-1',
    outcome: { kind: 'completed' },
    attempt: 1,
    receive: 1,
    waitedMs: 5,
    ranMs: 10,
    endedAtMs: START_MS,
    ...fields,
  };
}

function batch(fields: Partial<LedgerBatch> = {}): LedgerBatch {
  return {
    writer: randomUUID(),
    sequence: 1,
    worker: 'mail-1',
    service: 'mail',
    revision: 'r1',
    atMs: START_MS,
    rssBytes: 1,
    maxRssBytes: 1,
    dropped: 0,
    attempts: [],
    arrivals: [],
    bins: [],
    jobs: [],
    ...fields,
  };
}

function counts(count: number): LedgerBatch['attempts'][number] {
  const sums = { attempts: count, waitedMs: 0, ranMs: count * 50 };
  return { atMs: START_MS, job: 'send-mail', outcome: 'completed', count, ...sums };
}

function arrivals(sent: number, settled: number): LedgerBatch['arrivals'][number] {
  return { atMs: START_MS, service: 'mail', job: 'send-mail', sent, settled };
}

function bin(count: number): LedgerBatch['bins'][number] {
  return { atMs: START_MS, job: 'send-mail', kind: 'run', bin: 80, count };
}

function example(id: string): LedgerBatch['jobs'][number] {
  const times = { attempt: 1, waitedMs: 1, ranMs: 2 };
  return { atMs: START_MS, job: 'send-mail', id, outcome: 'completed', ...times };
}

function settings(ledger: Ledger, time: { readonly nowMs: number }): RecorderOptions {
  return {
    ledger,
    service: 'mail',
    worker: 'mail-1',
    revision: 'r1',
    log: { info: () => undefined, warn: () => undefined },
    clock: { nowMs: () => time.nowMs, after: () => ({ cancel: () => undefined }) },
    random: () => 0.5,
  };
}

/** Records through a recorder that is flushed once. */
async function record(
  ledger: Ledger,
  work: (recorder: ReturnType<typeof createRecorder>, clock: { nowMs: number }) => void,
  options: Partial<RecorderOptions> = {},
): Promise<void> {
  const time = { nowMs: START_MS };
  const recorder = createRecorder({ ...settings(ledger, time), ...options });
  work(recorder, time);
  await recorder.flush();
  await recorder.stop({ deadlineMs: 0 });
}
