import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BIN_COUNT, binMs, binOf, quantileMs } from './histogram.ts';

const FOURTEEN_DAYS_MS = 14 * 86_400_000;

describe('a bin', () => {
  it('stands within 5 % for every duration in it, from ten microseconds to 14 days', () => {
    fc.assert(
      fc.property(
        fc.double({ min: Math.log(0.010_001), max: Math.log(FOURTEEN_DAYS_MS), noNaN: true }),
        (log) => {
          const ms = Math.exp(log);
          expect(Math.abs(binMs(binOf(ms)) - ms) / ms).toBeLessThanOrEqual(0.05 + 1e-9);
        },
      ),
    );
  });

  it('is higher for a longer duration, and there are 256', () => {
    const ms = Array.from({ length: 400 }, (_, index) => 0.001 * 1.1 ** index);
    const bins = ms.map(binOf);
    expect(bins).toEqual([...bins].sort((a, b) => a - b));
    expect(new Set(bins).size).toBeGreaterThan(200);
    expect(binOf(FOURTEEN_DAYS_MS)).toBeLessThan(BIN_COUNT);
    expect(binOf(Number.MAX_VALUE)).toBe(BIN_COUNT - 1);
  });

  it('is the first for what is no duration', () => {
    for (const ms of [0, -1, Number.NaN, -Infinity]) expect(binOf(ms)).toBe(0);
    expect(binOf(Infinity)).toBe(BIN_COUNT - 1);
  });
});

describe('a quantile', () => {
  it('is within 5 % of the exact one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.1, max: 1e8, noNaN: true }), { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, share) => {
          const counts = new Map<number, number>();
          for (const value of values) counts.set(binOf(value), (counts.get(binOf(value)) ?? 0) + 1);
          const bins = [...counts]
            .sort(([a], [b]) => a - b)
            .map(([bin, count]) => ({ ms: binMs(bin), count }));
          const exact =
            [...values].sort((a, b) => a - b)[Math.max(0, Math.ceil(share * values.length) - 1)] ?? 0;
          const found = quantileMs({ bins, count: values.length }, share);
          expect(Math.abs(found - exact) / exact).toBeLessThanOrEqual(0.05 + 1e-9);
        },
      ),
    );
  });

  it('of nothing is 0', () => {
    expect(quantileMs({ bins: [], count: 0 }, 0.5)).toBe(0);
  });
});
