/** What a controller writes down of each decision: enough to explain it and to make it again. */
import type { Decision, ScalingFacts } from './policy/decision.ts';
import type { ScalingHistory } from './policy/history.ts';
import type { ScalingSpec } from './policy/spec.ts';

/** Whether decisions are carried out, only made, or compared with those of the scaler that is in charge. */
export type ControllerMode = 'apply' | 'dry-run' | 'shadow';

/** Task-hours since a shadow began: what the scaler in charge ran, and what we would have asked for. */
export interface ShadowTotals {
  readonly incumbentTaskHours: number;
  readonly ourTaskHours: number;
  /** Ticks in which we would have asked for more, and for fewer. */
  readonly more: number;
  readonly fewer: number;
}

/** A decision and what came of it. JSON-safe. */
export interface ScalingRecord extends Omit<Decision, 'history'> {
  readonly service: string;
  readonly atMs: number;
  /** Whether a new count was asked for, and the target took it. */
  readonly isApplied: boolean;
  readonly mode: ControllerMode;
  /** Id of the controller's run; the policy's memory begins empty with it. */
  readonly run: string;
  /** Term of the leader as this controller knew it. */
  readonly term: number;
  /** What was known. */
  readonly facts: ScalingFacts;
  /** What the policy decided, where a full pool granted another count. */
  readonly decided?: number;
  /** In the first record of a run, whenever it changed, and when this controller began to lead. */
  readonly spec?: ScalingSpec;
  /** Beside `spec`, what the policy remembered before this decision, where that was anything: it stood by until now. */
  readonly memory?: ScalingHistory;
  readonly shadow?: ShadowTotals;
}

/** Where records go. */
export interface DecisionSink {
  append(records: readonly ScalingRecord[]): Promise<void>;
}
