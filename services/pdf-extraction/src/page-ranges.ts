/** Which pages of a document are wanted, as people write it: `1-20, 35, 40-`. Pure, and read by the sandboxed child too. */

/** First and last page, from 1. */
export type PageRange = readonly [first: number, last: number];

/** No document has so many pages. */
const OPEN_END = 9_999_999;
const MAX_RANGES = 100;
const RANGE = /^(\d{1,7})(?:\s*(-)\s*(\d{1,7})?)?$/;

/** The ranges, sorted and joined where they touch; `undefined` when the text is none. */
export function parsePageRanges(text: string): readonly PageRange[] | undefined {
  const parts = text.split(',').map((part) => RANGE.exec(part.trim()));
  if (parts.length > MAX_RANGES) return undefined;
  const ranges: PageRange[] = [];
  for (const part of parts) {
    const first = Number(part?.[1] ?? 0);
    const last = part?.[2] === undefined ? first : Number(part[3] ?? OPEN_END);
    if (first < 1 || last < first) return undefined;
    ranges.push([first, last]);
  }
  const joined: PageRange[] = [];
  for (const [first, last] of ranges.toSorted(([a], [b]) => a - b)) {
    const before = joined.at(-1);
    if (before !== undefined && first <= before[1] + 1)
      joined[joined.length - 1] = [before[0], Math.max(before[1], last)];
    else joined.push([first, last]);
  }
  return joined;
}

/** The same ranges always give the same text, whatever they were written as. */
export function pageRangesText(ranges: readonly PageRange[]): string {
  return ranges
    .map(([first, last]) => (first === last ? String(first) : `${first}-${last === OPEN_END ? '' : last}`))
    .join(',');
}

/** Numbers of the pages that a document of `pageCount` pages has of them, in order. */
export function pagesWithin(ranges: readonly PageRange[], pageCount: number): readonly number[] {
  return ranges.flatMap(([first, last]) =>
    Array.from({ length: Math.max(0, Math.min(last, pageCount) - first + 1) }, (_, index) => first + index),
  );
}

/** How many those are. */
export function countWithin(ranges: readonly PageRange[] | undefined, pageCount: number): number {
  if (ranges === undefined) return pageCount;
  return ranges.reduce((sum, [first, last]) => sum + Math.max(0, Math.min(last, pageCount) - first + 1), 0);
}
