/**
 * What a worker measures of itself for whoever plans how many there should be: counts, service times and waits, by job
 * type. Runs once per job on the hot path, so it allocates nothing there.
 *
 * A wait is the time from when a message was sent until it was received, of first deliveries only: a message that comes
 * again, because its attempt failed or its worker died, waits for its retry and says nothing about capacity. The delay of
 * a job that was enqueued with one is part of it.
 */
import type { Message } from '@longshore/queue';
import { recentMaximum, type RecentMaximum } from './recent-maximum.ts';
import type { FinishedAttempt } from './session-options.ts';
import { serviceTimes, type ServiceTimes } from './service-times.ts';

/** What was measured of one job type. */
export interface JobTypeStats {
  /** Name of the job definition. */
  readonly job: string;
  /** Attempts that ran to an end; those that a drain interrupted and those whose lease was lost are not among them. */
  readonly finished: number;
  /** Mean duration, exponentially weighted: about the last forty attempts. */
  readonly meanServiceMs: number;
  /** 95th percentile of about the last two hundred attempts, within 5 %. */
  readonly p95ServiceMs: number;
  /** Longest wait among first deliveries of the last 15 to 30 seconds; absent when there was none. */
  readonly oldestWaitMs?: number;
}

/** Measures. */
export interface WorkerFigures {
  received(messages: readonly Message[], atMs: number): void;
  /** A message turned out to be a job that can run. */
  admitted(job: string, message: Message, atMs: number): void;
  finished(attempt: FinishedAttempt): void;
  readonly counts: { readonly completed: number; readonly failed: number; readonly buried: number };
  /** Mean over all job types; absent before the first attempt. */
  readonly meanServiceMs: number | undefined;
  readonly lastReceiveAtMs: number | undefined;
  readonly readyAtMs: number | undefined;
  oldestWaitMs(nowMs: number): number | undefined;
  jobs(nowMs: number): readonly JobTypeStats[];
}

interface JobFigures {
  readonly times: ServiceTimes;
  readonly wait: RecentMaximum;
}

/** Weight of a new duration in the mean of all: about the last twenty jobs count, since prefetching follows it. */
const MEAN_WEIGHT = 0.1;

/** Nothing measured yet. */
export function workerFigures(): WorkerFigures {
  const jobs = new Map<string, JobFigures>();
  const counts = { completed: 0, failed: 0, buried: 0 };
  const wait = recentMaximum();
  let meanServiceMs: number | undefined;
  let lastReceiveAtMs: number | undefined;
  let readyAtMs: number | undefined;

  const figuresOf = (job: string): JobFigures => {
    let figures = jobs.get(job);
    if (figures === undefined) {
      figures = { times: serviceTimes(), wait: recentMaximum() };
      jobs.set(job, figures);
    }
    return figures;
  };
  return {
    counts,
    received(messages, atMs) {
      lastReceiveAtMs = atMs;
      readyAtMs ??= atMs;
      for (const message of messages) if (message.receiveCount === 1) wait.add(waitOf(message), atMs);
    },
    admitted(job, message, atMs) {
      if (message.receiveCount === 1) figuresOf(job).wait.add(waitOf(message), atMs);
    },
    finished({ job, outcome, ranMs, attempt }) {
      if (outcome.kind === 'completed') counts.completed += 1;
      if (outcome.kind === 'retried') counts.failed += 1;
      if (outcome.kind === 'buried') counts.buried += 1;
      if (attempt === 0) return;
      meanServiceMs = (meanServiceMs ?? ranMs) * (1 - MEAN_WEIGHT) + ranMs * MEAN_WEIGHT;
      if (outcome.kind === 'lost' || (outcome.kind === 'released' && outcome.interrupted)) return;
      figuresOf(job).times.add(ranMs);
    },
    get meanServiceMs() {
      return meanServiceMs;
    },
    get lastReceiveAtMs() {
      return lastReceiveAtMs;
    },
    get readyAtMs() {
      return readyAtMs;
    },
    oldestWaitMs: (nowMs) => wait.read(nowMs),
    jobs: (nowMs) =>
      [...jobs].map(([job, { times, wait: waited }]) => {
        const oldestWaitMs = waited.read(nowMs);
        return {
          job,
          finished: times.finished,
          meanServiceMs: times.meanMs,
          p95ServiceMs: times.percentileMs(0.95),
          ...(oldestWaitMs === undefined ? {} : { oldestWaitMs }),
        };
      }),
  };
}

function waitOf({ lease, sentAtMs }: Message): number {
  return Math.max(0, lease.receivedAtMs - sentAtMs);
}
