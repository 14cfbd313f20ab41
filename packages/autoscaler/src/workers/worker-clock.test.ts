import { describe, expect, it } from 'vitest';
import { workerClock } from './worker-clock.ts';

describe('workerClock', () => {
  it('tells how late a report is, by what it came later than the fastest one, whatever the clocks say', () => {
    for (const skewMs of [-3_600_000, 0, 86_400_000]) {
      const clock = workerClock();
      expect(clock.read(skewMs + 1_000, 1_040)).toBe(1_040);
      // Seven seconds late, less what the difference may have grown by in eight.
      expect(clock.read(skewMs + 2_000, 9_040)).toBeCloseTo(2_040 + 400);
      expect(clock.read(skewMs + 10_000, 10_010)).toBe(10_010);
      expect(clock.toReader(skewMs + 500)).toBe(510);
    }
  });

  it('believes a difference that stays larger after a while: the worker stood still', () => {
    const clock = workerClock();
    clock.read(0, 0);
    const lateMs = (nowMs: number): number => nowMs - clock.read(nowMs - 60_000, nowMs);
    expect(lateMs(100_000)).toBeGreaterThan(50_000);
    for (let nowMs = 115_000; nowMs < 1_300_000; nowMs += 15_000) lateMs(nowMs);
    expect(lateMs(1_300_000)).toBe(0);
  });
});
