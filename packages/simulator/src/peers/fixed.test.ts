import { describe, expect, it } from 'vitest';
import { fixedAtMean, fixedAtPeak } from './fixed.ts';
import { drivePolicy } from './fixtures/drive-policy.ts';

/** Two minutes: 10 a second, then 40 a second. */
const ARRIVALS = Uint32Array.from({ length: 120 }, (_, second) => (second < 60 ? 10 : 40));
const counts = (policy: ReturnType<typeof fixedAtMean>, setting = {}) => [
  ...new Set(drivePolicy(policy, { setting, untilSeconds: 600, view: (now) => ({ visible: now }) }).values()),
];

describe('Fixed fleets', () => {
  it('hold what the mean needs: 25 a second × 4 s over 10 slots', () => {
    expect(counts(fixedAtMean(ARRIVALS))).toEqual([10]);
    expect(counts(fixedAtMean(ARRIVALS), { slots: 9 })).toEqual([12]);
  });

  it('hold what the busiest minute needs', () => {
    expect(counts(fixedAtPeak(ARRIVALS))).toEqual([16]);
  });

  it('take a last part of a minute for what it is', () => {
    expect(counts(fixedAtPeak(ARRIVALS.subarray(0, 90)))).toEqual([16]);
  });

  it('stay within the limits, with one task at least', () => {
    expect(counts(fixedAtPeak(ARRIVALS), { maxTasks: 5 })).toEqual([5]);
    expect(counts(fixedAtMean(new Uint32Array(0)))).toEqual([1]);
  });
});
