import { describe, expect, it } from 'vitest';
import { copilot } from './copilot.ts';
import { changes, drivePolicy } from './fixtures/drive-policy.ts';

describe('copilot', () => {
  it.each([
    { visible: 150, expected: [] },
    // ceil(151 / 10) = 16 messages a task, of 15.
    { visible: 151, expected: [[120, 11]] },
    { visible: 300, expected: [[120, 20]] },
  ])('rounds the backlog per task up: $expected at $visible', ({ visible, expected }) => {
    const counts = drivePolicy(copilot(), { tasks: 10, untilSeconds: 120, view: () => ({ visible }) });
    expect(changes(counts, 10)).toEqual(expected);
  });

  it('grows a hundred tasks by a fifteenth for one message too many', () => {
    const counts = drivePolicy(copilot(), { tasks: 100, untilSeconds: 120, view: () => ({ visible: 1501 }) });
    expect(changes(counts, 100)).toEqual([[120, 107]]);
  });

  it('rounds the acceptable backlog up', () => {
    const setting = { objectiveSeconds: 61 };
    const at = (visible: number) =>
      changes(drivePolicy(copilot(), { setting, tasks: 1, untilSeconds: 120, view: () => ({ visible }) }), 1);
    expect(at(16)).toEqual([]);
    expect(at(17)).toEqual([[120, 2]]);
  });

  it('goes out every minute and in every other one', () => {
    const out = drivePolicy(copilot(), {
      tasks: 2,
      untilSeconds: 240,
      // Two tasks run all the while: those that start are in the count that is doubled, but not in the metric.
      view: () => ({ visible: 60, running: 2 }),
    });
    expect(changes(out, 2)).toEqual([
      [120, 4],
      [180, 8],
      [240, 16],
    ]);
    const calm = drivePolicy(copilot(), { tasks: 20, untilSeconds: 1200, view: () => ({ visible: 0 }) });
    expect(changes(calm, 20).slice(0, 2)).toEqual([
      [840, 16],
      [960, 13],
    ]);
  });

  it('counts no running task as one, and keeps one', () => {
    const counts = drivePolicy(copilot(), {
      tasks: 1,
      untilSeconds: 120,
      view: () => ({ visible: 60, running: 0 }),
    });
    expect(changes(counts, 1)).toEqual([[120, 4]]);
    expect(drivePolicy(copilot(), { untilSeconds: 0, view: () => ({}) }).get(0)).toBe(1);
  });
});
