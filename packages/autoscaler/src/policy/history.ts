/**
 * What the policy remembers from tick to tick: plain data, so that a decision can be stored and replayed.
 *
 * Everything is bounded in time and number. A restarted controller begins with an empty past, and an empty past never
 * lets a service scale in.
 */
import type { LoadSample } from './arrivals.ts';
import type { ForecastMemory } from './forecast.ts';
import type { MarginMemory } from './margin.ts';
import type { SpendingMemory } from './spending.ts';

/** What a tick found that could be given up to. */
export interface Recommendation {
  readonly atMs: number;
  readonly tasks: number;
}

/** Memory of the policy for one service. */
export interface ScalingHistory {
  readonly samples: readonly LoadSample[];
  readonly forecast: ForecastMemory;
  readonly margin: MarginMemory;
  readonly spending: SpendingMemory;
  readonly recommendations: readonly Recommendation[];
  /** When each pending task was seen first, oldest first. */
  readonly pendingSinceMs: readonly number[];
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
  forecast: { open: [], rising: { xy: 0, xx: 0 }, falling: { xy: 0, xx: 0 } },
  margin: { share: 1, missedAtMs: undefined, atMs: undefined },
  spending: { hours: [], atMs: undefined },
  recommendations: [],
  pendingSinceMs: [],
  idle: undefined,
  shortage: undefined,
  desired: undefined,
});

/** Bound of a list, far above what ticks of a second need. */
const MAX_RECOMMENDATIONS = 1_024;

/** The recommendations within the hold window, with this one added. Those from the future (a clock set back) go. */
export function withRecommendation(
  past: readonly Recommendation[],
  next: Recommendation,
  holdMs: number,
): readonly Recommendation[] {
  const recent = past.filter(({ atMs }) => atMs < next.atMs && next.atMs - atMs <= holdMs);
  return [...recent.slice(1 - MAX_RECOMMENDATIONS), next];
}

/** When the pending tasks were seen first, of as many as are pending now: those seen first come up first. */
export function withPending(past: readonly number[], pending: number, nowMs: number): readonly number[] {
  const known = past.length > pending ? past.slice(past.length - pending) : past;
  return known.length === pending
    ? known
    : [...known, ...Array.from({ length: pending - known.length }, () => nowMs)];
}
