import { describe, expect, it } from 'vitest';
import { nextReportAtMs, type LastReport } from './report-pace.ts';

const idle: LastReport = { state: 'running', busy: 0, ended: 10, atMs: 1_000, jitter: 0 };
const busy: LastReport = { ...idle, busy: 3 };

describe('nextReportAtMs', () => {
  it.each([
    ['nothing is new', idle, idle, 15_000],
    ['a long job goes on', busy, busy, 15_000],
    ['jobs end', busy, { ...busy, ended: 11 }, 5_000],
    ['more slots are busy', busy, { ...busy, busy: 4 }, 5_000],
    ['short jobs came and went', idle, { ...idle, ended: 11 }, 5_000],
    ['it becomes busy', idle, { ...idle, busy: 1 }, 2_000],
    ['it becomes idle', busy, { ...busy, busy: 0, ended: 13 }, 2_000],
    ['its state changes', idle, { ...idle, state: 'paused' as const }, 2_000],
  ])('when %s', (_what, last, now, afterMs) => {
    expect(nextReportAtMs(last, now)).toBe(1_000 + afterMs);
  });

  it('spreads workers by up to a fifth, and never beyond the interval', () => {
    expect(nextReportAtMs({ ...idle, jitter: 1 }, idle)).toBe(13_000);
    expect(nextReportAtMs({ ...idle, jitter: 1 }, busy)).toBe(3_000);
  });
});
