import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countWithin, pageRangesText, pagesWithin, parsePageRanges } from './page-ranges.ts';

describe('page ranges', () => {
  it.each([
    ['7', [[7, 7]], '7'],
    [
      '1-20,35',
      [
        [1, 20],
        [35, 35],
      ],
      '1-20,35',
    ],
    [' 5 - 9 , 1-4, 8-12 ', [[1, 12]], '1-12'],
    ['3,2,1', [[1, 3]], '1-3'],
    ['40-', [[40, 9_999_999]], '40-'],
    ['2-,1', [[1, 9_999_999]], '1-'],
  ])('"%s" is read', (text, ranges, canonical) => {
    const read = parsePageRanges(text) ?? [];
    expect(read).toEqual(ranges);
    expect(pageRangesText(read)).toBe(canonical);
  });

  it.each([
    '',
    '0',
    '-3',
    '5-3',
    'one',
    '1;2',
    '1-2-3',
    '1,,2',
    '1.5',
    '12345678',
    '１',
    Array.from({ length: 101 }, (_, n) => n * 2 + 1).join(','),
  ])('"%s" is none', (text) => {
    expect(parsePageRanges(text)).toBeUndefined();
  });

  it('name each page of a document once, in order, and as many as are counted', () => {
    const range = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 30 }));
    fc.assert(
      fc.property(
        fc.array(range, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 0, max: 50 }),
        (spans, pageCount) => {
          const text = spans.map(([first, more]) => `${first}-${first + more}`).join(',');
          const ranges = parsePageRanges(text) ?? [];
          const wanted = new Set(
            spans.flatMap(([first, more]) => Array.from({ length: more + 1 }, (_, n) => first + n)),
          );
          const expected = [...wanted].filter((page) => page <= pageCount).toSorted((a, b) => a - b);
          expect(pagesWithin(ranges, pageCount)).toEqual(expected);
          expect(countWithin(ranges, pageCount)).toBe(expected.length);
          expect(parsePageRanges(pageRangesText(ranges))).toEqual(ranges);
        },
      ),
    );
  });
});
