import { describe, expect, it } from 'vitest';
import { restartDelayMs, withCrash, type CrashStreak } from './restart-delay.ts';

describe('restart delay', () => {
  it('doubles from 250 ms up to 30 s', () => {
    let streak: CrashStreak | undefined;
    const delays = Array.from({ length: 10 }, () => {
      streak = withCrash(streak, 1_000);
      return restartDelayMs(streak);
    });
    expect(delays).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    expect(restartDelayMs({ count: 1e9, lastMs: 0 })).toBe(30_000);
  });

  it('begins anew after a minute without a crash', () => {
    expect(withCrash({ count: 9, lastMs: 1_000 }, 61_000)).toEqual({ count: 10, lastMs: 61_000 });
    expect(withCrash({ count: 9, lastMs: 1_000 }, 61_001)).toEqual({ count: 1, lastMs: 61_001 });
  });
});
