import { describe, expect, it } from 'vitest';
import { arrivalsPerSecond } from './arrivals-per-second.ts';
import { seededRandom, type SeededRandom } from './seeded-random.ts';
import type { Trace } from './trace.ts';

const trace = (bucketSeconds: number, ...counts: readonly number[]): Trace => ({
  name: 'a',
  bucketSeconds,
  counts: Float64Array.from(counts),
  startMs: 0,
});

/** Draws the mean itself in thousandths, so that a test sees the intensities. */
const exact: SeededRandom = { ...seededRandom(1), poisson: (mean) => Math.round(mean * 1000) };
const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

describe('arrivalsPerSecond', () => {
  it('scales the trace to the mean that is asked for and keeps its proportions', () => {
    const rates = arrivalsPerSecond(trace(2, 1, 0, 3), { meanRatePerSecond: 4, random: exact });
    expect([...rates]).toEqual([3000, 3000, 0, 0, 9000, 9000]);
  });

  it('cuts the window off and scales to the mean within it, in the middle of a bucket too', () => {
    const rates = arrivalsPerSecond(trace(2, 1, 3, 100), {
      windowSeconds: 3,
      meanRatePerSecond: 5,
      random: exact,
    });
    expect([...rates]).toEqual([3000, 3000, 9000]);
  });

  it('uses the first 72 hours of a longer trace', () => {
    const long = trace(3600, ...Array.from({ length: 100 }, () => 1));
    expect(arrivalsPerSecond(long, { meanRatePerSecond: 1, random: exact })).toHaveLength(72 * 3600);
  });

  it('interpolates buckets of half an hour between their middles and keeps the total', () => {
    const rates = arrivalsPerSecond(trace(1800, 10, 30, 20), { meanRatePerSecond: 1, random: exact });
    expect(sum(rates) / 1000).toBeCloseTo(5400, -1);
    expect([rates[0], rates[899], rates[2699], rates[4499], rates[5399]]).toEqual([
      500, 500, 1500, 1000, 1000,
    ]);
    expect(rates[1799]).toBeGreaterThan(980);
    expect(rates[1800]).toBeLessThan(1020);
  });

  it('leaves shorter buckets as steps', () => {
    const rates = arrivalsPerSecond(trace(1799, 10, 30), { meanRatePerSecond: 20, random: exact });
    expect(new Set(rates)).toEqual(new Set([10_000, 30_000]));
  });

  it('draws Poisson counts per second, the same for a seed, with the mean that is asked for', () => {
    const options = { meanRatePerSecond: 3 };
    const steady = trace(60, ...Array.from({ length: 600 }, () => 5));
    const arrivals = arrivalsPerSecond(steady, { ...options, random: seededRandom(7) });
    expect(arrivalsPerSecond(steady, { ...options, random: seededRandom(7) })).toEqual(arrivals);
    expect(arrivalsPerSecond(steady, { ...options, random: seededRandom(8) })).not.toEqual(arrivals);
    const mean = sum(arrivals) / arrivals.length;
    const variance = sum(arrivals.map((count) => (count - mean) ** 2)) / arrivals.length;
    expect(mean).toBeCloseTo(3, 1);
    expect(variance).toBeCloseTo(3, 0);
  });

  it.each([
    [{ meanRatePerSecond: 0 }, 'meanRatePerSecond is 0'],
    [{ meanRatePerSecond: Number.NaN }, 'meanRatePerSecond is NaN'],
    [{ meanRatePerSecond: 1, windowSeconds: 0 }, 'windowSeconds is 0'],
    [{ meanRatePerSecond: 1, windowSeconds: 1.5 }, 'windowSeconds is 1.5'],
    [{ meanRatePerSecond: 1, windowSeconds: 2 }, 'nothing arrives in its first 2 s'],
  ])('refuses %j', (options, message) => {
    expect(() => arrivalsPerSecond(trace(2, 0, 9), { ...options, random: exact })).toThrow(message);
  });
});
