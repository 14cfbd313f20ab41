/** The largest value of late: of the last 15 to 30 seconds, so that one that is over stops counting. */

/** Longest time between two reports of a worker, so that no report misses a value. */
const HALF_MS = 15_000;

/** A maximum that forgets. Time comes with every call, and no timer runs. */
export interface RecentMaximum {
  add(value: number, atMs: number): void;
  /** `undefined` when nothing was added lately. */
  read(nowMs: number): number | undefined;
}

/** Nothing added yet. */
export function recentMaximum(): RecentMaximum {
  let sinceMs = -Infinity;
  let current: number | undefined;
  let previous: number | undefined;
  const roll = (nowMs: number): void => {
    if (nowMs - sinceMs < HALF_MS) return;
    previous = nowMs - sinceMs < 2 * HALF_MS ? current : undefined;
    current = undefined;
    sinceMs = nowMs;
  };
  return {
    add(value, atMs) {
      roll(atMs);
      if (current === undefined || value > current) current = value;
    },
    read(nowMs) {
      roll(nowMs);
      if (current === undefined || previous === undefined) return current ?? previous;
      return Math.max(current, previous);
    },
  };
}
