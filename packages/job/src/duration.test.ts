import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDurationMs } from './duration.ts';

describe('durations', () => {
  it.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['1.5s', 1_500],
    ['1h30m', 5_400_000],
    ['14d', 1_209_600_000],
  ])('reads %s as %d ms', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });

  it.each(['', '30', 's', '30 s', '-1s', '1x', '30s!', '1s1'])('refuses "%s" and quotes it', (text) => {
    expect(() => parseDurationMs(text)).toThrow(`"${text}"`);
  });

  it.each([
    [0, '0ms'],
    [999, '999ms'],
    [1_500, '1.5s'],
    [59_400, '59s'],
    [90_000, '1m30s'],
    [3_600_000, '1h'],
    [90_061_000, '1d1h'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('reads back whole seconds that it wrote, to its two leading units', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 3_599 }), (seconds) => {
        expect(parseDurationMs(formatDuration(seconds * 1_000))).toBe(seconds * 1_000);
      }),
    );
  });
});
