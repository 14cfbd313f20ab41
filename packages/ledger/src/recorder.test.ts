import { LongshoreError } from '@longshore/job';
import { beforeEach, describe, expect, it } from 'vitest';
import { manualClock, type ManualClock } from './fixtures/manual-clock.ts';
import type { Ledger, LedgerBatch } from './ledger.ts';
import { createRecorder, type Recorder, type RecorderOptions } from './recorder.ts';
import type { EndedAttempt } from './tally.ts';

/** A ledger whose answers a test chooses. What it took it keeps, as a store does whose reply is lost. */
class ScriptedLedger {
  readonly took: LedgerBatch[] = [];
  readonly pruned: number[] = [];
  append: (batch: LedgerBatch) => Promise<void> = () => Promise.resolve();
  isPruned = true;

  readonly ledger = {
    append: async (batch: LedgerBatch) => {
      this.took.push(batch);
      await this.append(batch);
    },
    prune: async (nowMs: number) => {
      this.pruned.push(nowMs);
      return { removed: 0, isDone: this.isPruned };
    },
  } as unknown as Ledger;
}

const unavailable = (): Promise<void> =>
  Promise.reject(new LongshoreError('ledger_unavailable', 'Gone', { retryable: true }));

let clock: ManualClock;
let script: ScriptedLedger;
let warnings: string[];

beforeEach(() => {
  clock = manualClock();
  script = new ScriptedLedger();
  warnings = [];
});

function recorder(options: Partial<RecorderOptions> = {}): Recorder {
  return createRecorder({
    ledger: script.ledger,
    service: 'mail',
    worker: 'mail-1',
    log: { info: (_, message) => warnings.push(message), warn: (_, message) => warnings.push(message) },
    clock,
    random: () => 0.5,
    memory: () => ({ rssBytes: 1, maxRssBytes: 2 }),
    ...options,
  });
}

function attempt(fields: Partial<EndedAttempt> = {}): EndedAttempt {
  const times = { waitedMs: 5, ranMs: 10, endedAtMs: clock.nowMs() };
  const completed = { kind: 'completed' } as const;
  return { job: 'send-mail', id: 'a', outcome: completed, attempt: 1, receive: 1, ...times, ...fields };
}

const ended = (batches: readonly LedgerBatch[]): number =>
  batches.flatMap(({ attempts }) => attempts).reduce((sum, { count }) => sum + count, 0);

describe('a recorder', () => {
  it('writes what it counted every five seconds, and only what is new', async () => {
    const subject = recorder();
    subject.ended(attempt());
    subject.sent('bill', 3);
    expect(script.took).toEqual([]);
    await clock.advance(5_000);
    subject.ended(attempt());
    subject.ended(attempt());
    await clock.advance(5_000);
    expect(script.took.map((batch) => ended([batch]))).toEqual([1, 2]);
    expect(script.took.map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect(new Set(script.took.map(({ writer }) => writer)).size).toBe(1);
    expect(script.took[0]).toMatchObject({
      service: 'mail',
      worker: 'mail-1',
      rssBytes: 1,
      maxRssBytes: 2,
      dropped: 0,
    });
    await subject.stop({ deadlineMs: 1 });
  });

  it('says once a minute that it is there when nothing happens', async () => {
    const subject = recorder();
    await clock.advance(180_000);
    expect(script.took.length).toBeGreaterThanOrEqual(3);
    expect(script.took.length).toBeLessThanOrEqual(4);
    await subject.stop({ deadlineMs: 1 });
    expect(clock.pending()).toBe(0);
  });

  it('spreads its writes, so that a fleet that starts together does not write together', async () => {
    const early = manualClock();
    recorder({ clock: early, random: () => 0 }).ended(attempt());
    await early.advance(4_000);
    expect(script.took).toHaveLength(1);
    const late = manualClock();
    recorder({ clock: late, random: () => 0.99 }).ended(attempt());
    await late.advance(5_900);
    expect(script.took).toHaveLength(1);
    await late.advance(100);
    expect(script.took).toHaveLength(2);
  });

  it('sends a batch again as it was, until it has an answer', async () => {
    const subject = recorder();
    script.append = unavailable;
    subject.ended(attempt());
    await clock.advance(5_000);
    subject.ended(attempt({ job: 'other' }));
    await clock.advance(10_000);
    script.append = () => Promise.resolve();
    await clock.advance(5_000);
    const [first, ...later] = script.took;
    const last = later.pop();
    expect(later.length).toBeGreaterThanOrEqual(2);
    for (const batch of later) expect(batch).toBe(first);
    expect(last).toMatchObject({ sequence: 2, attempts: [{ job: 'other', count: 1 }] });
    expect(subject.dropped).toBe(0);
    expect(warnings).toEqual([
      'Cannot write the ledger, counting on and trying again',
      'The ledger is written again',
    ]);
    await subject.stop({ deadlineMs: 1 });
  });

  it('drops the oldest counts when the store stays away, and records how many once it is back', async () => {
    const subject = recorder({ maxBuckets: 100 });
    script.append = unavailable;
    let told = 0;
    for (let minute = 0; minute < 60; minute += 1) {
      for (let each = 0; each < 6; each += 1) {
        subject.ended(attempt());
        told += 1;
        await clock.advance(10_000);
      }
    }
    expect(subject.dropped).toBeGreaterThan(200);
    const [oldest] = script.took;
    script.took.length = 0;
    script.append = () => Promise.resolve();
    await clock.advance(10_000);
    expect(script.took[0]).toBe(oldest);
    const written = ended(script.took);
    expect(written + subject.dropped).toBe(told);
    expect(written).toBeGreaterThan(40);
    // The last ones are there.
    const newestMs = Math.max(...script.took.flatMap(({ attempts }) => attempts.map(({ atMs }) => atMs)));
    expect(newestMs).toBeGreaterThanOrEqual(clock.nowMs() - 30_000);
    expect(script.took.at(-1)?.dropped).toBe(subject.dropped);
    await subject.stop({ deadlineMs: 1 });
  });

  it('holds no more than its bound, whatever the names and times of jobs', async () => {
    const subject = recorder({ maxBuckets: 100 });
    for (let index = 0; index < 5_000; index += 1)
      subject.ended(attempt({ job: `job-${index}`, endedAtMs: clock.nowMs() + index * 10_000 }));
    await subject.flush();
    const [batch] = script.took;
    expect((batch?.attempts.length ?? 0) + (batch?.arrivals.length ?? 0)).toBeLessThanOrEqual(100);
    expect(new Set(batch?.bins.map(({ job }) => job)).size).toBeLessThan(100);
    expect(subject.dropped + ended(script.took)).toBe(5_000);
  });

  it('drops a batch that the ledger refuses for good, and goes on', async () => {
    const subject = recorder();
    script.append = () => Promise.reject(new LongshoreError('ledger_incompatible', 'Too new'));
    subject.ended(attempt());
    subject.sent('bill', 2);
    await expect(subject.flush()).rejects.toMatchObject({ code: 'ledger_incompatible' });
    expect(subject.dropped).toBe(3);
    script.append = () => Promise.resolve();
    subject.ended(attempt());
    await subject.flush();
    expect(script.took.at(-1)).toMatchObject({ dropped: 3, attempts: [{ count: 1 }] });
  });

  it('writes the rest when it stops, and nothing after', async () => {
    const subject = recorder();
    subject.ended(attempt());
    const stopped = subject.stop({ deadlineMs: 1_000 });
    expect(subject.stop({ deadlineMs: 1_000 })).toBe(stopped);
    await stopped;
    expect(ended(script.took)).toBe(1);
    await clock.advance(120_000);
    expect(script.took).toHaveLength(1);
    expect(clock.pending()).toBe(0);
  });

  it('stops by its deadline when the store hangs, and says what is lost', async () => {
    const subject = recorder();
    script.append = () => new Promise(() => undefined);
    subject.ended(attempt());
    await clock.advance(5_000);
    subject.ended(attempt());
    let isStopped = false;
    const stopping = subject.stop({ deadlineMs: 1_000 }).then(() => {
      isStopped = true;
    });
    await clock.advance(999);
    expect(isStopped).toBe(false);
    await clock.advance(1);
    await stopping;
    expect(subject.dropped).toBe(2);
    expect(warnings.at(-1)).toContain('Stopped before everything was recorded');
  });

  it('removes old rows about once an hour, and at once again while there are more', async () => {
    const subject = recorder();
    await clock.advance(1_700_000);
    expect(script.pruned).toEqual([]);
    script.isPruned = false;
    await clock.advance(400_000);
    expect(script.pruned.length).toBeGreaterThan(1);
    script.isPruned = true;
    await clock.advance(60_000);
    const count = script.pruned.length;
    await clock.advance(1_800_000);
    expect(script.pruned).toHaveLength(count);
    await subject.stop({ deadlineMs: 1 });
  });

  it('keeps failures and the slowest as examples, under a cap', async () => {
    const subject = recorder({ maxFailures: 3 });
    const retried = { kind: 'retried', delayMs: 1, code: 'x', reason: 'y' } as const;
    const buried = { kind: 'buried', code: 'x', reason: 'y'.repeat(9_999) } as const;
    for (let index = 0; index < 100; index += 1) {
      subject.ended(attempt({ id: `ok-${index}`, ranMs: index === 42 ? 99 : 1 }));
      subject.ended(attempt({ id: `bad-${index}`, outcome: retried }));
      subject.ended(attempt({ id: `dead-${index}`, outcome: buried }));
      subject.ended(
        attempt({ id: `back-${index}`, outcome: { kind: 'released', delayMs: 0, interrupted: true } }),
      );
    }
    await subject.flush();
    const jobs = script.took[0]?.jobs ?? [];
    expect(jobs.map(({ id }) => id)).toEqual([
      'dead-97',
      'dead-98',
      'dead-99',
      'bad-97',
      'bad-98',
      'bad-99',
      'ok-42',
      expect.stringMatching(/^ok-/),
    ]);
    expect(jobs[0]?.reason?.length).toBe(500);
  });

  it('keeps of what went well the slowest of each minute and one by chance', async () => {
    const subject = recorder({ random: () => 0.5 });
    for (let second = 0; second < 180; second += 1) {
      for (let index = 0; index < 10; index += 1)
        subject.ended(attempt({ id: `${second}-${index}`, ranMs: second % 50 === 7 ? 99 : 1 }));
      await clock.advance(1_000);
    }
    await subject.stop({ deadlineMs: 1 });
    const jobs = script.took.flatMap((batch) => batch.jobs);
    expect(jobs.length).toBeGreaterThanOrEqual(4);
    expect(jobs.length).toBeLessThanOrEqual(8);
    expect(jobs.map(({ id }) => id)).toContain('7-0');
    expect(jobs.filter(({ ranMs }) => ranMs === 99).length).toBeGreaterThanOrEqual(2);
  });

  it('refuses wrong options, all at once', () => {
    const wrong = (): unknown => recorder({ service: '', worker: '', flushEveryMs: 1, maxBuckets: 0 });
    for (const part of ['service is ""', 'worker is empty', 'flushEveryMs is 1', 'maxBuckets is 0'])
      expect(wrong).toThrow(part);
  });
});
