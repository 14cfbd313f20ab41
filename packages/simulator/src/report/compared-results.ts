/**
 * Results of several policies on one trace, checked and set against the clairvoyant reference. Tables, JSON, charts and
 * advice all start here, so that they say the same.
 */
import { LongshoreError } from '@longshore/job';
import type { SimulationResult } from '../result.ts';

/** One result with the figures that only a comparison gives. */
export interface ComparedResult {
  readonly result: SimulationResult;
  readonly isReference: boolean;
  /** Share of jobs that were late, 0 to 1; 0 when there was no job. */
  readonly lateShare: number;
  /** Billed time as a multiple of the reference's. Absent when the reference cost nothing and this policy did. */
  readonly costVsReference: number | undefined;
  readonly actionsPerDay: number;
}

/**
 * Sets results against one of them.
 *
 * @param reference Name of the policy that the cost is measured by, the clairvoyant one.
 * @throws LongshoreError `invalid_options` when there is no result, the reference is missing, a policy stands there twice,
 * traces differ, or a figure is impossible: it names the policy, the figure and its value.
 */
export function comparedResults(
  results: readonly SimulationResult[],
  reference: string,
): readonly ComparedResult[] {
  const base = results.find(({ policy }) => policy === reference);
  if (base === undefined) {
    const known = results.map(({ policy }) => policy).join(', ') || 'none';
    throw new LongshoreError(
      'invalid_options',
      `Cannot compare with policy "${reference}": there is no result of it, results are of ${known}`,
    );
  }
  const seen = new Set<string>();
  for (const result of results) {
    checkFigures(result);
    if (result.trace !== base.trace)
      throw fault(
        result,
        `is of trace "${result.trace}", expected "${base.trace}": compare one trace at a time`,
      );
    if (seen.has(result.policy)) throw fault(result, 'stands there twice');
    seen.add(result.policy);
  }
  return results.map((result) => ({
    result,
    isReference: result === base,
    lateShare: result.jobs === 0 ? 0 : result.late / result.jobs,
    costVsReference: costRatio(result.taskSeconds, base.taskSeconds),
    actionsPerDay: result.actions / result.days,
  }));
}

function costRatio(taskSeconds: number, base: number): number | undefined {
  if (base > 0) return taskSeconds / base;
  return taskSeconds === 0 ? 1 : undefined;
}

/** Waits may be no numbers where nothing waited; all other figures are numbers from 0. */
function checkFigures(result: SimulationResult): void {
  const { jobs, unfinished, late, taskSeconds, killedBusy, actions, days, peakTasks } = result;
  const { p50WaitSeconds, p99WaitSeconds, maxWaitSeconds } = result;
  const waits = { p50WaitSeconds, p99WaitSeconds, maxWaitSeconds };
  const figures = { jobs, unfinished, late, taskSeconds, killedBusy, actions, peakTasks };
  for (const [name, value] of Object.entries(jobs === 0 ? figures : { ...figures, ...waits })) {
    if (!Number.isFinite(value) || value < 0)
      throw fault(result, `has ${name} ${value}, expected a number from 0`);
  }
  if (!Number.isFinite(days) || days <= 0) throw fault(result, `has days ${days}, expected a number above 0`);
  for (const [name, value] of Object.entries({ late, unfinished })) {
    if (value > jobs) throw fault(result, `has ${name} ${value}, expected at most its ${jobs} jobs`);
  }
}

function fault({ policy, trace }: SimulationResult, what: string): LongshoreError {
  return new LongshoreError(
    'invalid_options',
    `Cannot report on a simulation: the result of policy "${policy}" ${what}`,
    {
      details: { policy, trace },
    },
  );
}
