/** What goes into the policy and what comes out of it: data, for logs, displays, the ledger and replay. */
import type { BacklogCounts, TargetFacts } from '../ports.ts';
import type { ScalingHistory } from './history.ts';

/** What is known of the time ahead: the operator's calendar and the season that was learnt. */
export interface Outlook {
  /** Fewest tasks while a known event lasts or is about to begin. */
  readonly minTasks?: number;
  /** Factor on the forecast arrivals. */
  readonly factor?: number;
  /** How much the rate of arrivals usually changes from now to the horizon, jobs a second. */
  readonly changePerSecond?: number;
  /** Names of the events. */
  readonly events?: readonly string[];
}

/** What one tick could find out. A part that failed is `undefined`. */
export interface ScalingFacts {
  readonly queue: (BacklogCounts & { readonly atMs: number }) | undefined;
  readonly target: TargetFacts | undefined;
  readonly outlook?: Outlook;
  readonly pin?: PinFacts;
}

/** A count that an operator asked for. */
export interface PinFacts {
  readonly tasks: number;
  readonly untilMs: number;
  readonly by: string;
}

/** What kept a decision from the demand. */
export type LimitName =
  /** Fewest and most tasks of the fleet. */
  | 'min'
  | 'max'
  /** Most tasks added or taken away at a time. */
  | 'step'
  /** Task-hours of the day. */
  | 'budget'
  /** An operator asked for a count. */
  | 'pinned'
  /** The pool that the services share has no room for more. */
  | 'pool'
  /** A known event keeps tasks. */
  | 'calendar'
  /** More was recommended within the hold window. */
  | 'hold_window'
  /** Tasks with work stay. */
  | 'busy_tasks'
  /** Not idle for long enough to go to zero. */
  | 'not_idle'
  /** A deployment is being rolled out: no scale-in. */
  | 'deployment'
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
  readonly draining?: number;
  readonly busyTasks?: number;
  readonly busySlots?: number;
  readonly oldestWaitMs?: number;
  /** Forecast until new tasks could work. */
  readonly arrivalsPerSecond?: number;
  /** Seen in the last three quarters of a minute. */
  readonly latestPerSecond?: number;
  /** Share of the latest deviation that is expected to last. */
  readonly persistence?: number;
  readonly serviceMs?: number;
  readonly isServiceMeasured?: boolean;
  readonly startupMs?: number;
  readonly projectedBacklog?: number;
  /** The latency objective in force, the strictest of the job types that came. */
  readonly timeInQueueMs?: number;
  /** Factor on the planned share of the objective, lowered by near misses. */
  readonly margin?: number;
  /** Fewest tasks that keep jobs in time, and tasks that are enough for minutes. */
  readonly needed?: number;
  readonly enough?: number;
  /** What demand alone asks for, before any limit. */
  readonly recommended?: number;
  /** What the target says of tasks that it cannot place. */
  readonly shortage?: string;
  readonly events?: readonly string[];
  readonly pin?: PinFacts;
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
