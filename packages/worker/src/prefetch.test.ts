import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prefetchCount, wantedCount } from './prefetch.ts';

describe('prefetchCount', () => {
  it.each([
    ['nothing is known yet', 10, undefined, 0, 0],
    ['handlers are slow', 10, 5_000, 10, 0],
    ['one slot is about to be free', 1, 200, 10, 1],
    ['handlers are quick', 10, 68, 7, 20],
    ['handlers take no time', 100, 0, 0, 20],
    ['quick handlers have become slow', 10, 68, 300, 0],
  ])(
    'when %s: %i slots, mean %s ms, last end %i ms ago, %i messages',
    (_when, slots, mean, since, expected) => {
      expect(prefetchCount({ slots, max: 20, meanServiceMs: mean, sinceEndMs: since })).toBe(expected);
    },
  );
});

describe('wantedCount', () => {
  it.each([
    ['asks for a full batch where it fits', { slots: 10, prefetch: 20, coming: 20 }, 10],
    ['waits for a full batch while no slot is idle', { slots: 10, prefetch: 20, coming: 21 }, 0],
    ['asks for what an idle slot needs', { slots: 4, prefetch: 0, coming: 3 }, 1],
    [
      'asks for half at once where batches are large',
      { slots: 100, prefetch: 100, coming: 100, maxBatch: 1_000 },
      100,
    ],
    ['asks for nothing when all slots are taken', { slots: 4, prefetch: 0, coming: 4 }, 0],
  ])('%s', (_what, facts, expected) => {
    expect(wantedCount({ maxBatch: 10, ...facts })).toBe(expected);
  });

  it('never takes more than slots and prefetch, and leaves no slot idle', () => {
    const count = fc.nat({ max: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), count, count, (slots, prefetch, coming) => {
        const wanted = wantedCount({ slots, prefetch, coming, maxBatch: 10 });
        expect(coming + wanted).toBeLessThanOrEqual(Math.max(coming, slots + prefetch));
        expect(wanted > 0).toBe(coming < slots || slots + prefetch - coming >= 10);
      }),
    );
  });
});
