/**
 * What the policy remembers from tick to tick: plain data, so that a decision can be stored and replayed.
 *
 * Everything is bounded in time and number. A gap (a paused machine, a restarted controller) leaves the past empty, and
 * an empty past never lets a service scale in.
 */

/** Load at one tick. */
export interface LoadSample {
  readonly atMs: number;
  /** Backlog and in flight. */
  readonly jobs: number;
  /** Attempts finished so far: counted by the target, or estimated from busy slots. */
  readonly finished: number;
  readonly isCounted: boolean;
  readonly busySlots: number;
}

/** What a tick found necessary. */
export interface Recommendation {
  readonly atMs: number;
  readonly tasks: number;
}

/** Memory of the policy for one service. */
export interface ScalingHistory {
  readonly samples: readonly LoadSample[];
  readonly recommendations: readonly Recommendation[];
  /** Since when, and in how many readings, there has been no work at all. */
  readonly idle: { readonly sinceMs: number; readonly readings: number } | undefined;
  /** Since when fewer tasks run than are desired and no further one has come up. */
  readonly shortage: { readonly sinceMs: number; readonly running: number } | undefined;
  /** The last decision, for a tick that cannot see the target. */
  readonly desired: number | undefined;
}

/** The memory of a service that has never been scaled. */
export const EMPTY_HISTORY: ScalingHistory = Object.freeze({
  samples: [],
  recommendations: [],
  idle: undefined,
  shortage: undefined,
  desired: undefined,
});

/** Longest span that an arrival rate is averaged over; longer objectives gain nothing from more. */
export const MAX_RATE_WINDOW_MS = 900_000;
/** Bound of each list, far above what ten-second ticks need. */
const MAX_ENTRIES = 1_024;

/** The samples that still matter, with this one added. Counters that restarted make the past worthless. */
export function withSample(samples: readonly LoadSample[], next: LoadSample): readonly LoadSample[] {
  const last = samples.at(-1);
  const isContinuous =
    last !== undefined && last.isCounted === next.isCounted && next.finished >= last.finished;
  return isContinuous ? [...recent(samples, next.atMs, MAX_RATE_WINDOW_MS), next] : [next];
}

/** The recommendations within the hold window, with this one added. */
export function withRecommendation(
  past: readonly Recommendation[],
  next: Recommendation,
  holdMs: number,
): readonly Recommendation[] {
  return [...recent(past, next.atMs, holdMs), next];
}

/** Entries of the last `windowMs`. Entries from the future (the clock was set back) are dropped. */
export function recent<Entry extends { readonly atMs: number }>(
  entries: readonly Entry[],
  nowMs: number,
  windowMs: number,
): readonly Entry[] {
  return entries.filter(({ atMs }) => atMs < nowMs && nowMs - atMs <= windowMs).slice(1 - MAX_ENTRIES);
}
