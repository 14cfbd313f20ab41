import { describe, expect, it } from 'vitest';
import { retryAfterMs } from './retry-after.ts';

const NOW_MS = Date.parse('Mon, 23 Nov 2026 10:00:00 GMT');

describe('retryAfterMs', () => {
  it.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['Mon, 23 Nov 2026 10:05:00 GMT', 300_000],
    ['Monday, 23-Nov-26 10:05:00 GMT', 300_000],
    ['Mon, 23 Nov 2026 09:00:00 GMT', 0],
    ['9999999999', 86_400_000],
    ['Mon, 23 Nov 2099 10:00:00 GMT', 86_400_000],
    ['soon', undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('of %s is %s', (header, expected) => {
    expect(retryAfterMs(header, NOW_MS)).toBe(expected);
  });
});
