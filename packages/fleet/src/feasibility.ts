/**
 * Can a latency objective be met by starting tasks when jobs come? A job that finds no task waits for a look at the queue,
 * for the queue's own delay in counting, and for a task to start; where that is more than the objective, only tasks that
 * are there already help.
 */
import { formatDuration } from '@longshore/job';

/** What an objective is judged by. Times are milliseconds. */
export interface FeasibilityInput {
  readonly timeInQueueMs: number;
  /** 90th percentile from the start of a task to its first job. */
  readonly startupMs: number;
  /** Between two looks at the queue. Default 5,000. */
  readonly pollMs?: number;
  /** Age of the queue's counts. Default 5,000, as of SQS. */
  readonly lagMs?: number;
  /** Fewest tasks: with as many as carry the load, none has to start. */
  readonly minTasks?: number;
  readonly slots?: number;
  readonly serviceMs?: number;
  /** Where it is known, the warm tasks that would do are told. */
  readonly peakArrivalsPerSecond?: number;
}

/** Whether an objective can be met, and what would do where it cannot. */
export interface Feasibility {
  readonly isFeasible: boolean;
  /** The shortest objective that starting tasks can meet. */
  readonly shortestObjectiveMs: number;
  /** Tasks that carry the peak without any start. */
  readonly warmTasks?: number;
  readonly sentence: string;
}

/**
 * Factor on the start-up. Found by simulation on nine traffic traces: fewer than 0.2 % of the jobs are late from about
 * 1.2 start-ups (90th percentile), one poll and two lags on.
 */
const STARTUPS = 1.2;
const DEFAULT_POLL_MS = 5_000;
const DEFAULT_LAG_MS = 5_000;
/** Tasks beyond Little's law, for arrivals that are not even. */
const SPARE_SHARE = 1.1;

/** Judges an objective. */
export function feasibility(input: FeasibilityInput): Feasibility {
  const { timeInQueueMs, startupMs, pollMs = DEFAULT_POLL_MS, lagMs = DEFAULT_LAG_MS } = input;
  const { peakArrivalsPerSecond, slots = 1, serviceMs = 0, minTasks = 0 } = input;
  const shortestObjectiveMs = Math.ceil((STARTUPS * startupMs + pollMs + 2 * lagMs) / 1_000) * 1_000;
  const warmTasks =
    peakArrivalsPerSecond === undefined
      ? undefined
      : Math.max(1, Math.ceil((SPARE_SHARE * peakArrivalsPerSecond * serviceMs) / 1_000 / slots - 1e-9));
  const isFeasible =
    timeInQueueMs >= shortestObjectiveMs || (warmTasks !== undefined && minTasks >= warmTasks);
  const parts = `a task takes ${formatDuration(startupMs)} to start, the queue is looked at every ${formatDuration(pollMs)} and its counts are ${formatDuration(lagMs)} old`;
  const warm =
    warmTasks === undefined
      ? 'keep the tasks of a peak warm with scale.min'
      : `keep scale.min at ${warmTasks}`;
  const sentence = isFeasible
    ? `${formatDuration(timeInQueueMs)} in queue can be met by starting tasks`
    : `${formatDuration(timeInQueueMs)} in queue cannot be met by starting tasks, since ${parts}: ask for ${formatDuration(shortestObjectiveMs)}, ${warm}, or make the image smaller`;
  return { isFeasible, shortestObjectiveMs, ...(warmTasks === undefined ? {} : { warmTasks }), sentence };
}
