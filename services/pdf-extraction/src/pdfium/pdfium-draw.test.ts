import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pixelSize } from './pdfium-draw.ts';

const LIMITS = { dpi: 300, maxPixels: 16_000_000 };

describe('the size of a drawn page', () => {
  it('is what its points are at the wanted resolution', () => {
    expect(pixelSize(594, 840, LIMITS)).toEqual({ width: 2_475, height: 3_500, dpi: 300 });
  });

  it.each([
    [0, 100],
    [100, -1],
    [Number.NaN, 100],
    [Number.POSITIVE_INFINITY, 100],
  ])('is nothing for %d by %d points', (width, height) => {
    expect(pixelSize(width, height, LIMITS)).toBeUndefined();
  });

  it('is bounded whatever the page says', () => {
    const points = fc.double({ min: 0.001, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(points, points, (width, height) => {
        const size = pixelSize(width, height, LIMITS);
        expect(size).toBeDefined();
        for (const side of [size?.width ?? 0, size?.height ?? 0]) {
          expect(side).toBeGreaterThanOrEqual(1);
          expect(side).toBeLessThanOrEqual(32_767);
        }
        expect((size?.width ?? 0) * (size?.height ?? 0)).toBeLessThanOrEqual(LIMITS.maxPixels);
        expect(size?.dpi).toBeLessThanOrEqual(300.001);
      }),
    );
  });
});
