import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serviceTimes } from './service-times.ts';

const after = (times: readonly number[]) => {
  const subject = serviceTimes();
  for (const time of times) subject.add(time);
  return subject;
};
const repeat = (times: number, ms: number): number[] => Array.from({ length: times }, () => ms);

describe('serviceTimes', () => {
  it('knows nothing at first', () => {
    expect(serviceTimes()).toMatchObject({ finished: 0, meanMs: 0 });
    expect(serviceTimes().percentileMs(0.95)).toBe(0);
  });

  it('counts the first attempts alike, so that none stands for all', () => {
    expect(after([100, 200, 300]).meanMs).toBeCloseTo(200);
  });

  it('follows a change in both figures and forgets what was', () => {
    const subject = after([...repeat(1_000, 10), ...repeat(60, 1_000)]);
    expect(subject.meanMs).toBeGreaterThan(900);
    expect(subject.percentileMs(0.95)).toBeGreaterThan(900);
    for (const ms of repeat(400, 10)) subject.add(ms);
    expect(subject.meanMs).toBeCloseTo(10, 1);
    expect(subject.percentileMs(0.95)).toBeLessThan(11);
    expect(subject.finished).toBe(1_460);
  });

  it('has a percentile that rare outliers do not move, and frequent ones do', () => {
    const rare = Array.from({ length: 2_000 }, (_, index) => (index % 50 === 0 ? 5_000 : 20));
    const frequent = Array.from({ length: 2_000 }, (_, index) => (index % 10 === 0 ? 5_000 : 20));
    expect(after(rare).percentileMs(0.95)).toBeLessThan(22);
    expect(after(frequent).percentileMs(0.95)).toBeGreaterThan(4_500);
  });

  it('gives any single time back within 5 %, from a millisecond to half a day', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 43_200_000, noNaN: true }),
        fc.double({ min: 0.5, max: 0.99, noNaN: true }),
        (ms, share) => {
          const found = after(repeat(5, ms)).percentileMs(share);
          return Math.abs(found - ms) <= 0.05 * ms;
        },
      ),
    );
  });

  it('stays whole after as many attempts as a worker runs in months', () => {
    const subject = after([...repeat(100_000, 50), 0, 1e12]);
    expect(subject.percentileMs(0.95)).toBeGreaterThan(48);
    expect(subject.percentileMs(0.95)).toBeLessThan(53);
  });
});
