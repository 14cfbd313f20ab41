import { describe, expect, it } from 'vitest';
import { pinEndMs } from './pin-end.ts';

/** 14:30 on this machine's clock. */
const NOW_MS = new Date(2026, 10, 23, 14, 30).getTime();
const end = (until: string): number => pinEndMs({ until, for: undefined }, NOW_MS);

describe('the end of a pin', () => {
  it('is the next such time of day', () => {
    expect(end('18:00')).toBe(new Date(2026, 10, 23, 18, 0).getTime());
    expect(end('9:05')).toBe(new Date(2026, 10, 24, 9, 5).getTime());
    expect(end('14:30')).toBe(new Date(2026, 10, 24, 14, 30).getTime());
  });

  it('may be a date, on this clock or of a zone', () => {
    expect(end('2026-11-24T08:00')).toBe(new Date(2026, 10, 24, 8, 0).getTime());
    expect(end('2026-11-24 08:00')).toBe(new Date(2026, 10, 24, 8, 0).getTime());
    expect(end('2026-11-24T08:00Z')).toBe(Date.UTC(2026, 10, 24, 8, 0));
    expect(end('2026-11-24T08:00:30+02:00')).toBe(Date.UTC(2026, 10, 24, 6, 0, 30));
  });

  it('may be so long from now', () => {
    expect(pinEndMs({ until: undefined, for: 7_200_000 }, NOW_MS)).toBe(NOW_MS + 7_200_000);
  });

  it.each(['24:00', '18:60', '6pm', '18', '', '2026-11-24', '2026-13-01T08:00', 'tomorrow'])(
    'is not "%s"',
    (text) => {
      expect(() => end(text)).toThrow(`--until is "${text}", expected a time of day like 18:00`);
    },
  );

  it('is given once', () => {
    expect(() => pinEndMs({ until: undefined, for: undefined }, NOW_MS)).toThrow('no end is given');
    expect(() => pinEndMs({ until: '18:00', for: 1 }, NOW_MS)).toThrow('two ends are given');
  });
});
