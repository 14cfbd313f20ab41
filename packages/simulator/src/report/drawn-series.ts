/** The series of the results, checked and reduced to pixel columns on one time axis. */
import { LongshoreError } from '@longshore/job';
import type { ResultSeries, SimulationResult } from '../result.ts';
import { PLOT_COLUMNS } from './panel.ts';
import { stepColumns, type StepColumn } from './step-columns.ts';

/** One list of a series, ready to draw. */
export interface DrawnList {
  readonly columns: readonly StepColumn[];
  readonly highest: number;
  /** Where the list ends, in columns: a policy that finishes earlier has a shorter one. */
  readonly end: number;
}

/** A result with its series as drawings. */
export interface DrawnResult {
  readonly result: SimulationResult;
  readonly arrivalsPerSecond: DrawnList;
  readonly desired: DrawnList;
  readonly running: DrawnList;
  readonly oldestAgeSeconds: DrawnList;
  /** Task-seconds billed so far. */
  readonly cumulativeTaskSeconds: DrawnList;
}

/** All results on one time axis. */
export interface DrawnResults {
  readonly spanSeconds: number;
  readonly results: readonly DrawnResult[];
}

/**
 * Draws the series of all results.
 *
 * @throws LongshoreError `invalid_options` when a result has no series, lists differ in length, or a value is impossible.
 */
export function drawnResults(results: readonly SimulationResult[]): DrawnResults {
  const checked = results.map((result) => ({ result, series: checkedSeries(result) }));
  const spanSeconds = Math.max(...checked.map(({ series }) => series.arrivals.length * series.stepSeconds));
  return { spanSeconds, results: checked.map(({ result, series }) => drawn(result, series, spanSeconds)) };
}

function drawn(result: SimulationResult, series: ResultSeries, spanSeconds: number): DrawnResult {
  const { stepSeconds } = series;
  const perStep = (PLOT_COLUMNS * stepSeconds) / spanSeconds;
  const list = (values: readonly number[]): DrawnList => ({
    columns: stepColumns({ at: (index) => index * perStep, values }),
    highest: values.reduce((highest, value) => Math.max(highest, value), 0),
    end: values.length * perStep,
  });
  let billed = 0;
  return {
    result,
    arrivalsPerSecond: list(series.arrivals.map((count) => count / stepSeconds)),
    desired: list(series.desired),
    running: list(series.running),
    oldestAgeSeconds: list(series.oldestAgeSeconds),
    cumulativeTaskSeconds: list(series.taskSeconds.map((seconds) => (billed += seconds))),
  };
}

function checkedSeries({ policy, series }: SimulationResult): ResultSeries {
  const fault = (what: string): LongshoreError =>
    new LongshoreError('invalid_options', `Cannot draw policy "${policy}": ${what}`, { details: { policy } });
  if (series === undefined) throw fault('its result has no series, simulate with the series asked for');
  const { stepSeconds, arrivals, ...others } = series;
  if (!Number.isFinite(stepSeconds) || stepSeconds <= 0)
    throw fault(`stepSeconds is ${stepSeconds}, expected a number above 0`);
  if (arrivals.length === 0) throw fault('its series are empty, there is no time to draw');
  for (const [name, values] of Object.entries({ arrivals, ...others })) {
    if (values.length !== arrivals.length)
      throw fault(`${name} has ${values.length} entries, expected ${arrivals.length} as in arrivals`);
    const at = values.findIndex((value) => !(Number.isFinite(value) && value >= 0));
    if (at !== -1) throw fault(`${name}[${at}] is ${values[at]}, expected a number from 0`);
  }
  return series;
}
