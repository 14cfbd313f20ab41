import { describe, expect, it } from 'vitest';
import { cdkSteps } from './cdk-steps.ts';
import { changes, drivePolicy } from './fixtures/drive-policy.ts';

const steps = cdkSteps({ name: 'cdk-steps', withCpu: false });
const withCpu = cdkSteps({ name: 'cdk-steps-cpu', withCpu: true });

describe('cdkSteps', () => {
  it.each([
    { visible: 0, expected: 9 },
    { visible: 1, expected: 10 },
    { visible: 99, expected: 10 },
    { visible: 100, expected: 11 },
    { visible: 499, expected: 11 },
    { visible: 500, expected: 15 },
    { visible: 1e6, expected: 15 },
  ])('goes from 10 to $expected at $visible messages', ({ visible, expected }) => {
    const counts = drivePolicy(steps, { tasks: 10, untilSeconds: 0, view: () => ({ visible }) });
    expect(counts.get(0)).toBe(expected);
  });

  it('steps once per 300 seconds, with the difference when the step grows meanwhile', () => {
    const steady = drivePolicy(steps, { tasks: 1, untilSeconds: 660, view: () => ({ visible: 600 }) });
    expect(changes(steady, 1)).toEqual([
      [0, 6],
      [300, 11],
      [600, 16],
    ]);
    const growing = drivePolicy(steps, {
      tasks: 1,
      untilSeconds: 240,
      view: (now) => ({ visible: now < 120 ? 100 : 500 }),
    });
    expect(changes(growing, 1)).toEqual([
      [0, 2],
      [120, 6],
    ]);
  });

  it('looks at the maximum of five minutes', () => {
    const counts = drivePolicy(steps, {
      tasks: 5,
      untilSeconds: 900,
      view: (now) => ({ visible: now === 60 ? 50 : now === 0 ? 1 : 0 }),
    });
    // The 50 of minute 1 keeps −1 away until minute 6.
    expect(changes(counts, 5)).toEqual([
      [360, 4],
      [660, 3],
    ]);
  });

  it('stays between one task and the setting’s maximum', () => {
    const idle = drivePolicy(steps, { tasks: 2, untilSeconds: 3600, view: () => ({ visible: 0 }) });
    expect(idle.get(3600)).toBe(1);
    const full = drivePolicy(steps, {
      setting: { maxTasks: 8 },
      tasks: 2,
      untilSeconds: 3600,
      view: () => ({ visible: 1e4 }),
    });
    expect(full.get(3600)).toBe(8);
  });

  it('grows by the CPU when few messages wait, and only where it has that policy', () => {
    const drive = { tasks: 10, untilSeconds: 180, view: () => ({ visible: 10, utilisation: 0.9 }) };
    expect(changes(drivePolicy(withCpu, drive), 10)).toEqual([[180, 18]]);
    expect(changes(drivePolicy(steps, drive), 10)).toEqual([]);
  });

  it('takes the larger count when the queue says less and the CPU more', () => {
    const counts = drivePolicy(withCpu, {
      tasks: 10,
      untilSeconds: 180,
      view: () => ({ visible: 0, utilisation: 0.9 }),
    });
    expect(changes(counts, 10)).toEqual([
      [0, 9],
      [180, 17],
    ]);
  });
});
