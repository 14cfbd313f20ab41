/**
 * How much of the objective the plan may use, learnt from near misses: a wait close to the objective takes a share of it
 * away at once, time without one gives it back slowly. A smooth service comes to run with the queue as its buffer, a
 * restless one keeps room.
 */
import type { ScalingSpec } from './spec.ts';

/** What the margin remembers. */
export interface MarginMemory {
  /** Factor on the planned shares of the objective. */
  readonly share: number;
  readonly missedAtMs: number | undefined;
  readonly atMs: number | undefined;
}

/** Shares of the objective within which the plan keeps waits: when it adds tasks, and when it gives some up. */
export interface PlannedWaits {
  readonly addBeyondMs: number;
  readonly giveUpWithinMs: number;
}

/** A wait of this share of the objective is a near miss. */
const NEAR = 0.9;
const DECREASE = 0.85;
const INCREASE_PER_MS = 0.3 / 3_600_000;
const LEAST = 0.3;
/** At 99.9 % of jobs in time; an objective for fewer jobs may use more of its time. */
const MOST = { strict: 1.2, lenient: 1.5 } as const;
const STRICT_PERCENTILE = 99.9;
const LENIENT_PERCENTILE = 95;
const ADD_SHARE = 0.6;
const GIVE_UP_SHARE = 0.3;
/**
 * Less of the objective is planned with the longer jobs are in relation to it: slots come free seldom, and how many within
 * a given time is a matter of chance.
 */
const LONG_JOBS = 0.5;
/** Never plan for more than this share of the objective. */
const MOST_SHARE = 0.8;

/** The margin after this tick's longest wait. A wait is counted once per horizon: one burst is one miss. */
export function withWait(
  past: MarginMemory,
  waitMs: number | undefined,
  spec: ScalingSpec,
  horizonMs: number,
  nowMs: number,
): MarginMemory {
  const { missedAtMs, share } = past;
  const isNear = waitMs !== undefined && waitMs > NEAR * spec.timeInQueueMs;
  if (isNear && (missedAtMs === undefined || nowMs - missedAtMs >= horizonMs))
    return { share: Math.max(LEAST, share * DECREASE), missedAtMs: nowMs, atMs: nowMs };
  if (isNear) return { ...past, atMs: nowMs };
  const sinceMs = past.atMs === undefined ? 0 : Math.max(0, nowMs - past.atMs);
  const raised = share + INCREASE_PER_MS * speed(spec) * sinceMs;
  return { share: Math.min(most(spec), Math.max(share, raised)), missedAtMs, atMs: nowMs };
}

/** The waits to plan for. */
export function plannedWaits(
  { share }: MarginMemory,
  { timeInQueueMs }: ScalingSpec,
  serviceMs: number,
): PlannedWaits {
  const usableMs = timeInQueueMs * (1 - LONG_JOBS * Math.min(1, serviceMs / timeInQueueMs));
  return {
    addBeyondMs: Math.min(MOST_SHARE, ADD_SHARE * share) * usableMs,
    giveUpWithinMs: Math.min(MOST_SHARE * MOST_SHARE, GIVE_UP_SHARE * share) * usableMs,
  };
}

/** Where one job in twenty may be late, room is given back as many times faster as more jobs may be late, up to ten. */
function speed({ percentile }: ScalingSpec): number {
  return Math.min(10, Math.max(1, (100 - percentile) / (100 - STRICT_PERCENTILE)));
}

function most({ percentile }: ScalingSpec): number {
  const leniency = (STRICT_PERCENTILE - percentile) / (STRICT_PERCENTILE - LENIENT_PERCENTILE);
  return MOST.strict + (MOST.lenient - MOST.strict) * Math.min(1, Math.max(0, leniency));
}
