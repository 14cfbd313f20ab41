/** What came of one policy on one trace. */

/** Figures of one run. */
export interface SimulationResult {
  readonly trace: string;
  readonly policy: string;
  /** Jobs that arrived. */
  readonly jobs: number;
  /** Jobs that did not end before the simulation did: they count as late. */
  readonly unfinished: number;
  /** Jobs that waited longer than the objective before their first start. */
  readonly late: number;
  /** Billed time of tasks, from launch to end, at least a minute each. */
  readonly taskSeconds: number;
  /** Jobs that were running when their task was killed. */
  readonly killedBusy: number;
  /** Changes of the desired count. */
  readonly actions: number;
  /** Simulated days. */
  readonly days: number;
  readonly p50WaitSeconds: number;
  readonly p99WaitSeconds: number;
  readonly maxWaitSeconds: number;
  readonly peakTasks: number;
  /** Present when asked for. */
  readonly series?: ResultSeries;
}

/** How a run went, in steps of equal length; all lists have one entry a step. */
export interface ResultSeries {
  readonly stepSeconds: number;
  /** Jobs that arrived in the step. */
  readonly arrivals: readonly number[];
  /** At the end of the step. */
  readonly desired: readonly number[];
  readonly running: readonly number[];
  readonly visible: readonly number[];
  /** Age of the oldest waiting job at the end of the step, seconds. */
  readonly oldestAgeSeconds: readonly number[];
  /** Billed task-seconds within the step. */
  readonly taskSeconds: readonly number[];
}
