import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { edits, nearest } from './suggestions.ts';

describe('edits', () => {
  it.each([
    ['facture', 'facture', 0],
    ['factrue', 'facture', 1],
    ['factur', 'facture', 1],
    ['facturee', 'facture', 1],
    ['facdure', 'facture', 1],
    ['', 'abc', 3],
    ['port', 'mer', 3],
  ])('between %s and %s are %i', (one, other, count) => {
    expect(edits(one, other)).toBe(count);
  });

  it('are the same both ways, none between equals, and never more than letters', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        const count = edits(one, other);
        expect(count).toBe(edits(other, one));
        expect(count === 0).toBe(one === other);
        expect(count).toBeLessThanOrEqual(Math.max(one.length, other.length));
      }),
    );
  });
});

describe('the nearest words', () => {
  it('come by their distance, and only from within reach', () => {
    expect(nearest('facturre', ['chaise', 'fracture', 'facture', 'factures', 'fac'])).toEqual([
      'facture',
      'fracture',
      'factures',
    ]);
    expect(nearest('porr', ['port', 'pore', 'part'])).toEqual(['port', 'pore']);
  });
});
