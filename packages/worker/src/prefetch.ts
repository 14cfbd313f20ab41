/**
 * How many messages a worker shall take: enough that no slot waits for a receive call, and no more than its handlers
 * will start in a moment, so that slow jobs are left to workers that are free. Pure.
 */

/** Facts for {@link prefetchCount}. */
export interface PrefetchFacts {
  readonly slots: number;
  /** The option `prefetch`: no more than this. */
  readonly max: number;
  /** Mean duration of the latest handlers; absent before the first. */
  readonly meanServiceMs: number | undefined;
}

/**
 * What may wait beyond the slots starts within about this time. It covers the round trip of a receive, and at 50 jobs a
 * second ten messages fit into it, so that receives are full.
 */
const HORIZON_MS = 250;

/** Messages to hold beyond the slots: as many as all slots start within the horizon. */
export function prefetchCount({ slots, max, meanServiceMs }: PrefetchFacts): number {
  if (meanServiceMs === undefined) return 0;
  if (meanServiceMs <= 0) return max;
  return Math.min(max, Math.floor((slots * HORIZON_MS) / meanServiceMs));
}

/** Facts for {@link wantedCount}. */
export interface WantedFacts {
  readonly slots: number;
  readonly prefetch: number;
  /** Messages that run, wait or are asked for. */
  readonly coming: number;
  readonly maxBatch: number;
}

/** What the next receive shall ask for: a full batch where it fits; less only for slots that would stand idle. */
export function wantedCount({ slots, prefetch, coming, maxBatch }: WantedFacts): number {
  const room = slots + prefetch - coming;
  if (room >= maxBatch) return maxBatch;
  return coming < slots ? Math.max(0, room) : 0;
}
