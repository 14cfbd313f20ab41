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
  /** Time since a handler last ended: while none ends, nothing that waits can start. */
  readonly sinceEndMs: number;
}

/**
 * What may wait beyond the slots starts within about this time. It covers the round trip of a receive, and at 50 jobs a
 * second ten messages fit into it, so that receives are full.
 */
const HORIZON_MS = 250;

/** Messages to hold beyond the slots: as many as all slots start within the horizon. */
export function prefetchCount({ slots, max, meanServiceMs, sinceEndMs }: PrefetchFacts): number {
  if (meanServiceMs === undefined) return 0;
  const startsAtMost = Math.min((slots * HORIZON_MS) / meanServiceMs, HORIZON_MS / sinceEndMs);
  // Nothing divided by nothing: handlers that take no time.
  return Math.min(max, Math.floor(Number.isNaN(startsAtMost) ? max : startsAtMost));
}

/** Facts for {@link wantedCount}. */
export interface WantedFacts {
  readonly slots: number;
  readonly prefetch: number;
  /** Messages that run, wait or are asked for. */
  readonly coming: number;
  readonly maxBatch: number;
}

/** A receive of this many is worth its call: a full one of SQS. */
const FULL_RECEIVE = 10;

/** What the next receive shall ask for: a full receive where it fits; less only for slots that would stand idle. */
export function wantedCount({ slots, prefetch, coming, maxBatch }: WantedFacts): number {
  const room = Math.min(maxBatch, slots + prefetch - coming);
  // Queues with larger batches are asked when half of what the worker can take is used up.
  const full = Math.min(maxBatch, Math.max(FULL_RECEIVE, Math.ceil((slots + prefetch) / 2)));
  return room >= full || coming < slots ? Math.max(0, room) : 0;
}
