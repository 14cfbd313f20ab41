import { LongshoreError } from '@longshore/job';
import type { EntryResult, OutgoingMessage } from '@longshore/queue';
import { describe, expect, it } from 'vitest';
import { manualClock } from './fixtures/manual-clock.ts';
import { factsReporter } from './facts-reporter.ts';
import type { Activity } from './heartbeat.ts';

function open() {
  const clock = manualClock();
  const sent: { atMs: number; body: string }[] = [];
  const logged: string[] = [];
  const queue = {
    name: 'mail-facts',
    backlog: 0,
    fault: undefined as LongshoreError | undefined,
    hangs: false,
    counted: 0,
    send([message]: readonly OutgoingMessage[]): Promise<readonly EntryResult[]> {
      if (this.hangs) return new Promise(() => undefined);
      if (this.fault !== undefined)
        return Promise.resolve([{ ok: false, code: 'unavailable', message: this.fault.message }]);
      sent.push({ atMs: clock.nowMs() - 1_000_000, body: message?.body ?? '' });
      return Promise.resolve([{ ok: true, messageId: 'm' }]);
    },
    counts() {
      this.counted += 1;
      if (this.fault !== undefined) return Promise.reject(this.fault);
      return Promise.resolve({ backlog: this.backlog, inFlight: 0, delayed: 0 });
    },
  };
  const activity = { state: 'running' as Activity['state'], busy: 0, ended: 0 };
  let sequence = 0;
  const subject = factsReporter({
    source: {
      activity: () => ({ ...activity }),
      next: ({ isLast = false } = {}) => {
        sequence += 1;
        return {
          type: 'longshore:heartbeat',
          worker: 'w',
          service: 's',
          ...activity,
          state: isLast ? 'stopped' : activity.state,
          slots: 1,
          completed: activity.ended,
          failed: 0,
          buried: 0,
          jobs: [],
          isProtected: false,
          startedAtMs: 0,
          sequence,
          atMs: 0,
        };
      },
    },
    queue,
    clock,
    random: () => 0,
    log: {
      info: (_fields, message) => void logged.push(message),
      warn: (_fields, message) => void logged.push(message),
    },
  });
  const times = (): readonly number[] => sent.map(({ atMs }) => atMs);
  return { clock, sent, logged, queue, activity, subject, times };
}

describe('factsReporter', () => {
  it('reports at once, seldom while nothing is new, and soon when the worker becomes busy or idle', async () => {
    const { clock, activity, subject, times } = open();
    subject.start();
    await clock.advance(31_000);
    expect(times()).toEqual([0, 15_000, 30_000]);
    activity.busy = 1;
    await clock.advance(1_000);
    expect(times().at(-1)).toBe(32_000);
    activity.busy = 0;
    activity.ended = 1;
    await clock.advance(1_750);
    expect(times().at(-1)).toBe(32_000);
    await clock.advance(250);
    expect(times().at(-1)).toBe(34_000);
    await subject.stop();
    expect(clock.timers).toBe(0);
  });

  it('says good-bye at a stop, and nothing afterwards', async () => {
    const { clock, sent, subject } = open();
    subject.start();
    await clock.advance(100);
    await Promise.all([subject.stop(), subject.stop()]);
    expect(sent.map(({ body }) => /"state":"(\w+)"/.exec(body)?.[1])).toEqual(['running', 'stopped']);
    subject.start();
    await clock.advance(60_000);
    expect(sent).toHaveLength(2);
  });

  it('does without where there is no queue, and says so once', async () => {
    const { clock, logged, queue, activity, subject, sent } = open();
    queue.fault = new LongshoreError('queue_missing', 'There is no queue "mail-facts"');
    subject.start();
    await clock.advance(120_000);
    activity.busy = 1;
    await clock.advance(120_000);
    await subject.stop();
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('There is no facts queue "mail-facts"');
    expect([sent.length, queue.counted]).toEqual([0, 1]);
  });

  it('logs a queue that is out of reach once a minute at most, and reports again when it is back', async () => {
    const { clock, logged, queue, subject, times } = open();
    queue.fault = new LongshoreError('queue_unavailable', 'It is down', { retryable: true });
    subject.start();
    await clock.advance(59_000);
    expect(logged).toEqual(['Cannot report: It is down']);
    await clock.advance(6_000);
    expect(logged).toHaveLength(2);
    queue.fault = undefined;
    await clock.advance(5_000);
    expect(times()).toHaveLength(1);
    await subject.stop();
  });

  it('stops writing where nobody reads, and goes on when somebody does', async () => {
    const { clock, logged, queue, subject, times } = open();
    queue.backlog = 20_001;
    subject.start();
    await clock.advance(200_000);
    expect(times()).toEqual([]);
    expect(logged[0]).toContain('Nobody reads its 20001 reports');
    expect(logged.length).toBeLessThanOrEqual(4);
    queue.backlog = 3;
    await clock.advance(61_000);
    expect(times().length).toBeGreaterThan(0);
    await subject.stop();
  });

  it('waits for no answer longer than two seconds when it stops', async () => {
    const { clock, queue, subject } = open();
    queue.hangs = true;
    subject.start();
    await clock.advance(60_000);
    let isStopped = false;
    const stopping = subject.stop().then(() => {
      isStopped = true;
    });
    await clock.advance(1_999);
    expect(isStopped).toBe(false);
    await clock.advance(1);
    await stopping;
  });
});
