import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clockTicks, elapsedTicks, valueAxis } from './axis.ts';

const labels = (ticks: readonly { readonly label: string }[]): string[] => ticks.map(({ label }) => label);

describe('an axis of values', () => {
  it.each([
    [0, ['0', '0.2', '0.4', '0.6', '0.8', '1']],
    [3, ['0', '1', '2', '3']],
    [212, ['0', '50', '100', '150', '200', '250']],
    [9_999, ['0', '2,000', '4,000', '6,000', '8,000', '10,000']],
  ])('up to %d has marks %j', (highest, expected) => {
    expect(labels(valueAxis(highest).ticks)).toEqual(expected);
  });

  it('reaches its highest value with a few marks', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e12, noNaN: true }), (highest) => {
        const { top, ticks } = valueAxis(highest);
        expect(top).toBeGreaterThanOrEqual(highest * (1 - 1e-6));
        expect(top).toBeLessThanOrEqual(highest * 2.5);
        expect(ticks.length).toBeGreaterThanOrEqual(3);
        expect(ticks.length).toBeLessThanOrEqual(6);
        expect(ticks.at(-1)?.value).toBe(top);
      }),
    );
  });
});

describe('an axis of time', () => {
  it.each([
    [1, ['0 s', '1 s']],
    [600, ['0 min', '2 min', '4 min', '6 min', '8 min', '10 min']],
    [86_400, ['0 h', '3 h', '6 h', '9 h', '12 h', '15 h', '18 h', '21 h', '24 h']],
    [72 * 3_600, ['0 h', '12 h', '24 h', '36 h', '48 h', '60 h', '72 h']],
  ])('over %d s has marks %j', (span, expected) => {
    expect(labels(elapsedTicks(span))).toEqual(expected);
  });

  it('has few marks however long the time is', () => {
    for (const days of [1, 30, 365, 10_000])
      expect(elapsedTicks(days * 86_400).length).toBeLessThanOrEqual(9);
  });

  it('by the clock has round times, and the date at midnight', () => {
    const start = Date.UTC(2026, 0, 5, 23, 47);
    expect(clockTicks(start, 1_500)).toEqual([
      { value: 180, label: '23:50' },
      { value: 480, label: '23:55' },
      { value: 780, label: '01-06' },
      { value: 1_080, label: '00:05' },
      { value: 1_380, label: '00:10' },
    ]);
  });
});
