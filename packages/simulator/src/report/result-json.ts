/** Results as data for programs and for continuous integration. The keys are a contract: they stay as they are. */
import type { SimulationResult } from '../result.ts';
import { comparedResults } from './compared-results.ts';

/** Figures of one policy on one trace. */
export interface ResultJson {
  readonly trace: string;
  readonly policy: string;
  /** Share of jobs that waited longer than the objective, 0 to 1. */
  readonly overObjective: number;
  /** Task-seconds divided by those of the clairvoyant reference; `null` when that cost nothing and this did. */
  readonly costVsBound: number | null;
  /** Jobs that were running when their task was killed. */
  readonly killedBusy: number;
  /** Changes of the desired count in a day. */
  readonly actionsPerDay: number;
  /** Seconds; 0 when there was no job. */
  readonly p50WaitS: number;
  readonly p99WaitS: number;
  readonly peakTasks: number;
}

/**
 * Figures of each policy, in the order of the results, JSON-safe.
 *
 * @param reference Name of the clairvoyant policy, which must be among the results.
 * @throws LongshoreError `invalid_options` when results cannot be compared or a figure is impossible.
 */
export function resultJson(results: readonly SimulationResult[], reference: string): readonly ResultJson[] {
  return comparedResults(results, reference).map(({ result, lateShare, costVsReference, actionsPerDay }) => ({
    trace: result.trace,
    policy: result.policy,
    overObjective: lateShare,
    costVsBound: costVsReference ?? null,
    killedBusy: result.killedBusy,
    actionsPerDay,
    p50WaitS: result.jobs === 0 ? 0 : result.p50WaitSeconds,
    p99WaitS: result.jobs === 0 ? 0 : result.p99WaitSeconds,
    peakTasks: result.peakTasks,
  }));
}
