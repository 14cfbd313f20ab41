/** How long to wait before the next start after tasks crashed young, pure. */

/** Crashes of tasks that had not lived long enough to count as well. */
export interface CrashStreak {
  readonly count: number;
  readonly lastMs: number;
}

/** A task that ran this long was well; its crash is replaced at once. */
export const STABLE_MS = 10_000;
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 30_000;
/** After this long without a young crash the streak is over: twice the longest delay. */
const FORGET_MS = 60_000;

/** The streak after one more young crash. */
export function withCrash(streak: CrashStreak | undefined, nowMs: number): CrashStreak {
  const isOver = streak === undefined || nowMs - streak.lastMs > FORGET_MS;
  return { count: isOver ? 1 : streak.count + 1, lastMs: nowMs };
}

/** Pause before the next start: 250 ms, doubled with each crash of the streak, 30 s at most. */
export function restartDelayMs({ count }: CrashStreak): number {
  return Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(count - 1, 30));
}
