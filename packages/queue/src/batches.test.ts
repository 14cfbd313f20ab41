import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batches } from './batches.ts';

describe('batches', () => {
  it('keeps every entry in order, within both limits where an entry fits at all', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(40)),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 60 }),
        (sizes, maxEntries, maxBytes) => {
          const all = batches(sizes, { maxEntries, maxBytes, bytesOf: (size) => size });
          expect(all.flat()).toEqual(sizes);
          for (const batch of all) {
            expect(batch.length).toBeLessThanOrEqual(maxEntries);
            expect(batch.length === 1 || batch.reduce((sum, size) => sum + size, 0) <= maxBytes).toBe(true);
          }
        },
      ),
    );
  });
});
