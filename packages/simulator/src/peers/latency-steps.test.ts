import { describe, expect, it } from 'vitest';
import { changes, drivePolicy } from './fixtures/drive-policy.ts';
import { latencySteps } from './latency-steps.ts';

const run = (age: (now: number) => number, tasks: number, untilSeconds: number, setting = {}) =>
  changes(
    drivePolicy(latencySteps(), {
      setting,
      tasks,
      untilSeconds,
      view: (now) => ({ oldestAgeSeconds: age(now), visible: 1 }),
    }),
    tasks,
  );

describe('latencySteps', () => {
  it('adds one when the oldest job waited for more than half the objective', () => {
    expect(run(() => 30, 3, 60)).toEqual([]);
    expect(run((now) => (now === 20 ? 31 : 20), 3, 60)).toEqual([[20, 4]]);
  });

  it('adds the next one after a task has had time to start', () => {
    expect(run(() => 100, 3, 120)).toEqual([
      [0, 4],
      [50, 5],
      [100, 6],
    ]);
  });

  it('removes one after ten minutes below a quarter of the objective, and one every ten minutes', () => {
    expect(run(() => 5, 10, 1300)).toEqual([
      [600, 9],
      [1200, 8],
    ]);
  });

  it('starts the ten minutes anew when the wait was not low once', () => {
    expect(run((now) => (now === 590 ? 15 : 5), 10, 1200)).toEqual([[1200, 9]]);
  });

  it('does nothing within its range', () => {
    expect(run(() => 20, 10, 7200)).toEqual([]);
  });

  it('stays within the limits', () => {
    expect(run(() => 100, 3, 600, { maxTasks: 3 })).toEqual([]);
    expect(run(() => 0, 1, 7200, { minTasks: 1 })).toEqual([]);
    expect(run(() => 0, 1, 7200)).toEqual([[600, 0]]);
  });
});
