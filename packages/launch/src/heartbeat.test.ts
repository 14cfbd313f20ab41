import { parseHeartbeatText } from '@longshore/fleet';
import type { WorkerStats } from '@longshore/worker';
import { describe, expect, it } from 'vitest';
import { manualClock } from './fixtures/manual-clock.ts';
import { heartbeatSource, type WorkerIdentity } from './heartbeat.ts';

const stats: WorkerStats = {
  state: 'running',
  slots: 4,
  busy: 2,
  completed: 9,
  failed: 1,
  buried: 1,
  meanServiceMs: 12.345_678_9,
  oldestWaitMs: 3,
  lastReceiveAtMs: 999_000,
  readyAtMs: 999_500,
  isProtected: true,
  jobs: [
    { job: 'seldom', finished: 1, meanServiceMs: 5, p95ServiceMs: 5 },
    { job: 'often', finished: 10, meanServiceMs: 13.000_000_1, p95ServiceMs: 20, oldestWaitMs: 3.000_000_1 },
  ],
};

function open(
  now: WorkerStats,
  identity: () => WorkerIdentity = () => ({ worker: 'w', service: 's', host: 'h' }),
) {
  return heartbeatSource({
    worker: { stats: () => now },
    identity,
    clock: manualClock(),
    startedAtMs: 998_000,
    rssBytes: () => 90_000_000,
  });
}

describe('heartbeatSource', () => {
  it('says all that a worker knows in a form that the other end reads', () => {
    const heartbeat = open(stats).next();
    expect(parseHeartbeatText(JSON.stringify(heartbeat))).toEqual({ kind: 'heartbeat', value: heartbeat });
    expect(heartbeat).toEqual({
      type: 'longshore:heartbeat',
      worker: 'w',
      service: 's',
      host: 'h',
      state: 'running',
      slots: 4,
      busy: 2,
      completed: 9,
      failed: 1,
      buried: 1,
      meanServiceMs: 12.346,
      oldestWaitMs: 3,
      jobs: [
        { job: 'often', finished: 10, meanServiceMs: 13, p95ServiceMs: 20, oldestWaitMs: 3 },
        { job: 'seldom', finished: 1, meanServiceMs: 5, p95ServiceMs: 5 },
      ],
      startupMs: 1_500,
      rssBytes: 90_000_000,
      isProtected: true,
      startedAtMs: 998_000,
      sequence: 1,
      atMs: 1_000_000,
    });
  });

  it('numbers them, and says once that the worker has stopped', () => {
    const source = open({ ...stats, state: 'stopped' });
    expect(source.next()).toMatchObject({ sequence: 1, state: 'draining' });
    expect(source.next({ isLast: true })).toMatchObject({ sequence: 2, state: 'stopped' });
    expect(source.activity()).toEqual({ state: 'draining', busy: 2, ended: 11 });
  });

  it('tells the task as soon as it is known', () => {
    let task: Partial<WorkerIdentity> = {};
    const source = open(stats, () => ({ worker: 'w', service: 's', host: 'h', ...task }));
    expect(source.next()).not.toHaveProperty('taskArn');
    task = { taskArn: 'arn:aws:ecs:x' };
    expect(source.next()).toMatchObject({ taskArn: 'arn:aws:ecs:x' });
  });

  it('keeps a heartbeat readable however many job types there are', () => {
    const jobs = Array.from({ length: 200 }, (_, index) => ({
      job: `${'x'.repeat(75)}-${index}`,
      finished: index,
      meanServiceMs: 123_456.789,
      p95ServiceMs: 123_456.789,
      oldestWaitMs: 123_456.789,
    }));
    const heartbeat = open({ ...stats, jobs }).next();
    expect(parseHeartbeatText(JSON.stringify(heartbeat)).kind).toBe('heartbeat');
    expect(heartbeat.jobs).toHaveLength(50);
    expect(heartbeat.jobs[0]?.finished).toBe(199);
  });
});
