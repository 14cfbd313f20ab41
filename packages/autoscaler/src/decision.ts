/** The shapes of a decision: what goes into the policy and what comes out. Data only, so that it can be stored. */
import type { ScalingHistory } from './history.ts';
import type { BacklogCounts, TargetFacts } from './ports.ts';

/** What a tick knows. `undefined`: could not be measured. */
export interface ScalingFacts {
  /** Counts of the service's queue and when they were read. */
  readonly queue: (BacklogCounts & { readonly atMs: number }) | undefined;
  readonly target: TargetFacts | undefined;
}

/** Why the count is not the bare recommendation. */
export type LimitName =
  /** Bounds of the fleet. */
  | 'min'
  | 'max'
  /** Scale-in waits for the most that was recommended within the hold window. */
  | 'hold_window'
  /** Tasks with work stay. */
  | 'busy_tasks'
  /** Not idle for long enough to go to zero. */
  | 'not_idle'
  /** The tasks asked for earlier do not come up; asking for more would not help. */
  | 'no_capacity'
  /** Facts that are missing, too old, or no counts: nothing changes. */
  | 'no_metric'
  | 'stale_metric'
  | 'invalid_metric';

/** Why a tick held. */
export type HoldName = Extract<LimitName, 'no_metric' | 'stale_metric' | 'invalid_metric'>;

/** The numbers behind a decision, JSON-safe; absent where unknown. */
export interface DecisionInputs {
  readonly backlog?: number;
  readonly inFlight?: number;
  readonly delayed?: number;
  readonly desiredBefore?: number;
  readonly running?: number;
  readonly pending?: number;
  readonly busyTasks?: number;
  readonly busySlots?: number;
  readonly oldestWaitMs?: number;
  readonly arrivalsPerSecond?: number;
  readonly serviceMs?: number;
  readonly isServiceMeasured?: boolean;
  readonly startupMs?: number;
  readonly projectedBacklog?: number;
  /** What demand alone asks for, before any limit. */
  readonly recommended?: number;
}

/** A decision for one service. */
export interface Decision {
  /** Tasks that should run: an absolute count. */
  readonly desired: number;
  /** One sentence with the numbers. */
  readonly reason: string;
  readonly inputs: DecisionInputs;
  /** What held the count away from the recommendation, in the order of effect. */
  readonly limits: readonly LimitName[];
  /** The memory for the next tick. */
  readonly history: ScalingHistory;
}
