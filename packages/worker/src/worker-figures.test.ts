import type { Outcome } from '@longshore/job';
import type { Message } from '@longshore/queue';
import { describe, expect, it } from 'vitest';
import { workerFigures } from './worker-figures.ts';

const message = (waitedMs: number, receiveCount = 1): Message => ({
  messageId: 'm',
  body: '',
  lease: { messageId: 'm', handle: 'h', receivedAtMs: 50_000 },
  leaseUntilMs: 80_000,
  receiveCount,
  sentAtMs: 50_000 - waitedMs,
  attributes: {},
});
const attempt = (outcome: Outcome, ranMs: number, job = 'greet') => ({
  job,
  outcome,
  attempt: 1,
  waitedMs: 0,
  ranMs,
  id: 'j1',
  receive: 1,
  endedAtMs: 0,
});
const COMPLETED: Outcome = { kind: 'completed' };

describe('workerFigures', () => {
  it('measures each job type apart', () => {
    const figures = workerFigures();
    for (let count = 0; count < 3; count += 1) figures.finished(attempt(COMPLETED, 10));
    figures.finished(attempt({ kind: 'retried', delayMs: 0, code: 'a', reason: 'b' }, 1_000, 'write'));
    const [greet, write] = figures.jobs(0);
    expect(greet).toMatchObject({ job: 'greet', finished: 3 });
    expect(greet?.meanServiceMs).toBeCloseTo(10);
    expect(write).toMatchObject({ job: 'write', finished: 1, meanServiceMs: 1_000 });
    expect(figures.counts).toEqual({ completed: 3, failed: 1, buried: 0 });
  });

  it('leaves out attempts that were cut short: they say nothing about how long a job takes', () => {
    const figures = workerFigures();
    figures.finished(attempt({ kind: 'lost' }, 7));
    figures.finished(attempt({ kind: 'released', delayMs: 0, interrupted: true }, 7));
    expect(figures.jobs(0)).toEqual([]);
    figures.finished(attempt({ kind: 'released', delayMs: 0, interrupted: false }, 7));
    expect(figures.jobs(0)).toMatchObject([{ finished: 1 }]);
  });

  it('counts waits of first deliveries only, so that a message that comes again and again does not look like a backlog', () => {
    const figures = workerFigures();
    figures.received([message(300), message(40_000, 2), message(700)], 50_000);
    figures.admitted('greet', message(700), 50_000);
    figures.admitted('greet', message(40_000, 2), 50_000);
    expect(figures.oldestWaitMs(50_000)).toBe(700);
    expect(figures.jobs(50_000)).toMatchObject([{ job: 'greet', oldestWaitMs: 700 }]);
  });

  it('forgets a wait within thirty seconds, and not before fifteen', () => {
    const figures = workerFigures();
    figures.received([message(700)], 50_000);
    figures.received([message(20)], 64_000);
    expect(figures.oldestWaitMs(64_999)).toBe(700);
    figures.received([message(30)], 70_000);
    expect(figures.oldestWaitMs(79_000)).toBe(700);
    expect(figures.oldestWaitMs(85_001)).toBe(30);
    expect(figures.oldestWaitMs(200_000)).toBeUndefined();
  });

  it('is ready with the first receive that succeeds, empty or not', () => {
    const figures = workerFigures();
    expect(figures.readyAtMs).toBeUndefined();
    figures.received([], 1_000);
    figures.received([], 2_000);
    expect(figures).toMatchObject({ readyAtMs: 1_000, lastReceiveAtMs: 2_000 });
  });
});
