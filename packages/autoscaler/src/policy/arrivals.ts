/**
 * Arrivals, counted by what is there and what has gone: a job that arrived is in the queue, in flight or finished.
 *
 * The log keeps one sample a tick, for as long as anything looks back; further back, where an objective of hours does,
 * samples are farther apart.
 */
import type { BacklogCounts, TargetFacts } from '../ports.ts';

/** Load at one tick. */
export interface LoadSample {
  readonly atMs: number;
  /** Jobs that have arrived so far, from an arbitrary start. */
  readonly arrived: number;
  /** Attempts finished so far: counted by the target, or estimated from busy slots. */
  readonly finished: number;
  readonly isCounted: boolean;
  readonly busySlots: number;
  /** Visible jobs. */
  readonly waiting: number;
}

/** Samples kept at most. */
const MAX_SAMPLES = 720;

/** The sample of this tick. */
export function loadSample(
  counts: BacklogCounts,
  { busySlots, finishedJobs }: TargetFacts,
  serviceMs: number,
  last: LoadSample | undefined,
  nowMs: number,
): LoadSample {
  // A delayed job arrives when it comes due.
  const jobs = counts.backlog + counts.inFlight;
  if (finishedJobs !== undefined && Number.isFinite(finishedJobs))
    return {
      atMs: nowMs,
      arrived: jobs + finishedJobs,
      finished: finishedJobs,
      isCounted: true,
      busySlots,
      waiting: counts.backlog,
    };
  // Not counted: by Little's law busy slots finish a job each per service time.
  const sinceMs = last === undefined ? 0 : Math.max(0, nowMs - last.atMs);
  const meanBusy = last === undefined ? 0 : (last.busySlots + busySlots) / 2;
  const finished =
    (last === undefined || last.isCounted ? 0 : last.finished) + (meanBusy * sinceMs) / serviceMs;
  return {
    atMs: nowMs,
    arrived: jobs + finished,
    finished,
    isCounted: false,
    busySlots,
    waiting: counts.backlog,
  };
}

/** The samples that still matter, with this one added. A counter that restarted makes the past worthless. */
export function withSample(
  samples: readonly LoadSample[],
  next: LoadSample,
  keepMs: number,
): readonly LoadSample[] {
  const last = samples.at(-1);
  const isContinuous =
    last !== undefined &&
    last.isCounted === next.isCounted &&
    next.finished >= last.finished &&
    next.atMs > last.atMs &&
    next.atMs - last.atMs <= keepMs;
  if (!isContinuous) return [next];
  let from = 0;
  while ((samples[from + 1]?.atMs ?? Infinity) < next.atMs - keepMs) from += 1;
  const before = samples.at(-2);
  const isDense = before !== undefined && last.atMs - before.atMs < keepMs / MAX_SAMPLES;
  return [...samples.slice(from, isDense ? -1 : undefined), next];
}

/**
 * Jobs arrived by a time that is not in the future, between samples in proportion. What waited at the first sample counts
 * as arrived with it: its age is not known.
 */
export function arrivedBy(samples: readonly LoadSample[], atMs: number): number {
  let low = 0;
  let high = samples.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((samples[middle]?.atMs ?? Infinity) <= atMs) low = middle;
    else high = middle - 1;
  }
  const from = samples[low];
  if (from === undefined) return 0;
  const to = samples[low + 1];
  if (atMs < from.atMs) return from.arrived - from.waiting;
  if (to === undefined) return from.arrived;
  return from.arrived + ((to.arrived - from.arrived) * (atMs - from.atMs)) / (to.atMs - from.atMs);
}

/** Shortest span that a rate is divided by: the first readings of a service are no rush. */
const MIN_SPAN_MS = 30_000;

/** Arrivals a millisecond over the last `windowMs`. */
export function arrivalsPerMs(samples: readonly LoadSample[], windowMs: number): number {
  const first = samples[0];
  const latest = samples.at(-1);
  if (first === undefined || latest === undefined) return 0;
  const spanMs = Math.min(windowMs, latest.atMs - first.atMs);
  const arrived = latest.arrived - arrivedBy(samples, latest.atMs - spanMs);
  return Math.max(0, arrived) / Math.max(spanMs, Math.min(windowMs, MIN_SPAN_MS));
}
