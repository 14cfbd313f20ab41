/** What the reports of several workers say together about each job type. */
import type { HeartbeatJob, WorkerHeartbeat } from '@longshore/fleet';

/** Summary of one job type. */
export interface JobSummary {
  /** Absent while nobody has finished one. */
  readonly serviceMs?: { readonly mean: number; readonly p95: number };
  readonly oldestWaitMs?: number;
}

/** A report, and whether it is of now. */
export interface Report {
  readonly heartbeat: WorkerHeartbeat;
  /** Waits of a worker that does not answer are over. */
  readonly isAnswering: boolean;
}

/** Estimates of a worker rest on about this many attempts, however many it has run. */
const MAX_WEIGHT = 100;

/** How much a worker's estimate counts that has run this many attempts. */
export function weightOf(attempts: number): number {
  return Math.max(1, Math.min(MAX_WEIGHT, attempts));
}

/**
 * Summaries by job type. Means of means and of percentiles, weighted: all workers of a service take jobs from one queue, so
 * that each measures the same distribution.
 */
export function jobSummaries(reports: readonly Report[]): ReadonlyMap<string, JobSummary> {
  const sums = new Map<string, Sums>();
  for (const { heartbeat, isAnswering } of reports) {
    for (const entry of heartbeat.jobs) {
      let sum = sums.get(entry.job);
      if (sum === undefined) {
        sum = { mean: 0, p95: 0, weight: 0, waitMs: undefined };
        sums.set(entry.job, sum);
      }
      add(sum, entry, isAnswering);
    }
  }
  return new Map([...sums].map(([job, sum]) => [job, summaryOf(sum)]));
}

interface Sums {
  mean: number;
  p95: number;
  weight: number;
  waitMs: number | undefined;
}

function add(sum: Sums, entry: HeartbeatJob, isAnswering: boolean): void {
  const { finished, meanServiceMs, p95ServiceMs, oldestWaitMs } = entry;
  if (finished > 0) {
    const weight = weightOf(finished);
    sum.mean += meanServiceMs * weight;
    sum.p95 += p95ServiceMs * weight;
    sum.weight += weight;
  }
  if (isAnswering && oldestWaitMs !== undefined) sum.waitMs = Math.max(sum.waitMs ?? 0, oldestWaitMs);
}

function summaryOf({ mean, p95, weight, waitMs }: Sums): JobSummary {
  return {
    ...(weight === 0 ? {} : { serviceMs: { mean: mean / weight, p95: p95 / weight } }),
    ...(waitMs === undefined ? {} : { oldestWaitMs: waitMs }),
  };
}
