import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketOf, percentileOf } from './latency-histogram.ts';

/** Half a bucket of a fourth of a doubling. */
const MOST_OFF = 2 ** (1 / 8) + 1e-9;

function counted(values: readonly number[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(bucketOf(value), (counts.get(bucketOf(value)) ?? 0) + 1);
  return counts;
}

describe('percentiles of counted durations', () => {
  it('are within nine percent of the exact ones', () => {
    const values = fc.array(fc.double({ min: 1, max: 2 ** 29, noNaN: true }), {
      minLength: 1,
      maxLength: 300,
    });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 100 }), (durations, percentile) => {
        const sorted = durations.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil((percentile / 100) * sorted.length) - 1)] ?? 0;
        const found = percentileOf(counted(durations), percentile) ?? 0;
        expect(found / exact).toBeLessThanOrEqual(MOST_OFF);
        expect(exact / found).toBeLessThanOrEqual(MOST_OFF);
      }),
    );
  });

  it('take durations of nothing, of less than a millisecond and of years', () => {
    expect([0, 0.3, 1].map(bucketOf)).toEqual([0, 0, 0]);
    expect(bucketOf(1e15)).toBe(bucketOf(2 ** 30));
    expect(percentileOf(new Map(), 50)).toBeUndefined();
    expect(percentileOf(counted([0, 0, 0]), 99)).toBe(1);
  });
});
