import type { WorkerHeartbeat } from '@longshore/fleet';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../fixtures/manual-clock.ts';
import { heartbeat } from './fixtures/heartbeat.ts';
import { workerReports, type WorkerReportsOptions } from './worker-reports.ts';

const START_MS = 1_000_000;

function open(options: Partial<WorkerReportsOptions> = {}) {
  const clock = manualClock(START_MS);
  const reports = workerReports({ clock, warmUpMs: 0, ...options });
  const sequences = new Map<string, number>();
  /** A report as a worker in good health sends it now. */
  const report = (change: Partial<WorkerHeartbeat> = {}): boolean => {
    const { worker = 'a' } = change;
    const sequence = (sequences.get(worker) ?? 0) + 1;
    sequences.set(worker, sequence);
    return reports.record(heartbeat({ sequence, atMs: clock.nowMs(), ...change }));
  };
  return { clock, reports, report };
}

describe('workerReports', () => {
  it('says nothing before every worker had time to report, so that a restart does not look like idleness', async () => {
    const { clock, reports, report } = open({ warmUpMs: 16_000 });
    report({ busy: 0 });
    await clock.advance(15_999);
    expect(reports.of('mail')).toBeUndefined();
    report({ worker: 'b', busy: 2 });
    await clock.advance(1);
    expect(reports.of('mail')).toMatchObject({
      running: 2,
      busyTasks: 1,
      busySlots: 2,
      atMs: START_MS + 16_000,
    });
  });

  it('says nothing of a service that nobody reports for', () => {
    const { reports, report } = open();
    report();
    expect(reports.of('post')).toBeUndefined();
    expect(reports.workers('post')).toEqual([]);
  });

  it('counts workers by what they do', () => {
    const { reports, report } = open();
    report({ worker: 'a', busy: 3 });
    report({ worker: 'b' });
    report({ worker: 'c', state: 'starting' });
    report({ worker: 'd', state: 'paused', busy: 1 });
    report({ worker: 'e', state: 'draining', busy: 4 });
    report({ worker: 'f', state: 'stopped' });
    expect(reports.of('mail')).toMatchObject({ running: 3, draining: 2, busyTasks: 1, busySlots: 3 });
    expect(reports.workers('mail').map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('takes a silent worker for busy, and then for dead', async () => {
    const { clock, reports, report } = open({ staleMs: 45_000, goneMs: 300_000 });
    report({ worker: 'silent' });
    for (let atMs = 0; atMs < 301_000; atMs += 15_000) {
      report({ worker: 'live' });
      const expected = atMs <= 45_000 ? { busyTasks: 0, busySlots: 0 } : { busyTasks: 1, busySlots: 1 };
      expect(reports.of('mail'), `after ${atMs} ms`).toMatchObject({ running: 2, ...expected });
      await clock.advance(15_000);
    }
    expect(reports.of('mail')).toMatchObject({ running: 1, busyTasks: 0 });
    expect(reports.workers('mail')).toMatchObject([{ id: 'live', isAnswering: true }]);
  });

  it('says nothing when all have fallen silent for good, and an empty service where they said good-bye', async () => {
    const { clock, reports, report } = open();
    report({ completed: 4 });
    await clock.advance(301_000);
    expect(reports.of('mail')).toBeUndefined();
    report({ completed: 5 });
    report({ completed: 5, state: 'stopped' });
    expect(reports.of('mail')).toMatchObject({ running: 0, busyTasks: 0, finishedJobs: 5 });
    await clock.advance(10_000_000);
    expect(reports.of('mail')).toMatchObject({ running: 0, busyTasks: 0, finishedJobs: 5 });
  });

  it('believes the latest report of a worker, in whatever order they come and however often', async () => {
    const { reports } = open();
    const history = Array.from({ length: 6 }, (_, index) =>
      heartbeat({
        sequence: index + 1,
        atMs: START_MS + index * 5_000,
        busy: index % 3,
        completed: index * 10,
      }),
    );
    const last = heartbeat({ sequence: 7, atMs: START_MS + 30_000, state: 'stopped', completed: 60 });
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([...history, last, ...history], { minLength: 1 }),
        async (received) => {
          const { reports: some, clock } = open();
          await clock.advance(60_000);
          for (const each of received) some.record(each);
          const latest = received.toSorted((left, right) => right.sequence - left.sequence)[0];
          const facts = some.of('mail');
          expect(facts?.busySlots).toBe(latest === last ? 0 : latest?.busy);
          expect(facts?.running).toBe(latest === last ? 0 : 1);
          expect(facts?.finishedJobs).toBe(latest?.completed);
        },
      ),
    );
    expect(history.map((each) => reports.record(each))).toEqual(history.map(() => true));
    expect(history.map((each) => reports.record(each))).toEqual(history.map(() => false));
  });

  it('does not take a report that waited in the queue for one of now', async () => {
    const { clock, reports, report } = open();
    report({ atMs: START_MS });
    await clock.advance(100_000);
    report({ atMs: START_MS + 5_000 });
    expect(reports.workers('mail')).toMatchObject([{ isAnswering: false }]);
    report();
    expect(reports.workers('mail')).toMatchObject([{ isAnswering: true }]);
  });

  it('never lets finished jobs fall, and counts none twice, when workers leave, die and come back', async () => {
    const { clock, reports, report } = open();
    report({ worker: 'a', completed: 10, buried: 2, jobs: [job({ finished: 13 })] });
    report({ worker: 'b', completed: 5, jobs: [job({ finished: 5 })] });
    expect(reports.of('mail')).toMatchObject({ finishedJobs: 17, jobs: [{ finished: 18 }] });
    report({ worker: 'b', completed: 6, state: 'stopped', jobs: [job({ finished: 6 })] });
    await clock.advance(400_000);
    report({ worker: 'c' });
    expect(reports.of('mail')).toMatchObject({ running: 1, finishedJobs: 18, jobs: [{ finished: 19 }] });
    report({ worker: 'a', completed: 11, buried: 2, jobs: [job({ finished: 14 })] });
    expect(reports.of('mail')).toMatchObject({ running: 2, finishedJobs: 19, jobs: [{ finished: 20 }] });
  });

  it('does not count what workers did before these reports began', () => {
    const { reports, report } = open();
    const startedAtMs = START_MS - 60_000;
    report({ startedAtMs, completed: 5_000, jobs: [job({ finished: 5_000 })] });
    expect(reports.of('mail')).toMatchObject({ finishedJobs: 0, jobs: [{ finished: 0, meanServiceMs: 20 }] });
    report({ startedAtMs, completed: 5_003, jobs: [job({ finished: 5_004 })] });
    expect(reports.of('mail')).toMatchObject({ finishedJobs: 3, jobs: [{ finished: 4 }] });
  });

  it('weighs service times by what they rest on, up to a point, and keeps the last ones when all are gone', () => {
    const { reports, report } = open();
    report({
      worker: 'a',
      completed: 1,
      meanServiceMs: 1_000,
      jobs: [job({ finished: 1, meanServiceMs: 1_000 })],
    });
    report({
      worker: 'b',
      completed: 9,
      meanServiceMs: 100,
      jobs: [job({ finished: 9, meanServiceMs: 100 })],
    });
    report({ worker: 'c', jobs: [job({ finished: 0, meanServiceMs: 0, p95ServiceMs: 0 })] });
    const expected = { meanServiceMs: 190, jobs: [{ job: 'greet', meanServiceMs: 190, p95ServiceMs: 40 }] };
    expect(reports.of('mail')).toMatchObject(expected);
    for (const worker of ['a', 'b', 'c']) report({ worker, state: 'stopped' });
    expect(reports.of('mail')).toMatchObject({ running: 0, ...expected });
  });

  it('has the longest wait of those who answer, for all and by job type', async () => {
    const { clock, reports, report } = open();
    report({ worker: 'silent', oldestWaitMs: 90_000, jobs: [job({ finished: 1, oldestWaitMs: 90_000 })] });
    await clock.advance(60_000);
    report({ worker: 'a', oldestWaitMs: 700, jobs: [job({ finished: 1, oldestWaitMs: 600 })] });
    report({ worker: 'b', oldestWaitMs: 300 });
    expect(reports.of('mail')).toMatchObject({ oldestWaitMs: 700, jobs: [{ oldestWaitMs: 600 }] });
  });

  it('has the slowest of the last eight starts', () => {
    const { reports, report } = open();
    report({ worker: 'first', startupMs: 90_000 });
    expect(reports.of('mail')?.startupMs).toBe(90_000);
    for (let index = 0; index < 8; index += 1) report({ worker: `w${index}` });
    expect(reports.of('mail')?.startupMs).toBe(90_000);
    for (let index = 0; index < 8; index += 1) report({ worker: `w${index}`, startupMs: 1_000 + index });
    expect(reports.of('mail')?.startupMs).toBe(1_007);
  });

  it('shows workers on the clock of the reader', () => {
    const { reports } = open();
    const skewMs = 7_200_000;
    const identity = { host: 'h', taskArn: 'arn:aws:ecs:x', revision: 'mail:7' };
    const beat = heartbeat({
      ...identity,
      busy: 1,
      startedAtMs: skewMs - 30_000,
      atMs: skewMs,
      isProtected: true,
    });
    reports.record(beat);
    expect(reports.workers('mail')).toEqual([
      {
        id: 'a',
        ...identity,
        state: 'running',
        busySlots: 1,
        slots: 4,
        isProtected: true,
        startedAtMs: START_MS - 30_000,
        heardAtMs: START_MS,
        isAnswering: true,
      },
    ]);
  });

  it('refuses times out of order', () => {
    expect(() => open({ staleMs: 45_000, goneMs: 45_000 })).toThrow(/staleMs 45000, goneMs 45000/);
    expect(() => open({ warmUpMs: -1 })).toThrow(/warmUpMs -1/);
  });
});

function job(change: Partial<WorkerHeartbeat['jobs'][number]> = {}): WorkerHeartbeat['jobs'][number] {
  return { job: 'greet', finished: 1, meanServiceMs: 20, p95ServiceMs: 40, ...change };
}
