/**
 * Demand in slot-seconds, pure: how many tasks keep the time in queue, given the jobs there are, the jobs that will have
 * come by the time a new task could work, and the work that the present tasks will have done by then.
 *
 * Asking "which jobs would be late when a new task could take them" instead of "how many messages are there" counts
 * tasks that are still starting, so a burst is answered once and not again at each tick.
 */
import { MAX_RATE_WINDOW_MS, recent, withSample, type LoadSample } from './history.ts';
import type { BacklogCounts, TargetFacts } from './ports.ts';
import type { ScalingSpec } from './spec.ts';

/** Demand and everything it was computed from. */
export interface Demand {
  /** Tasks needed, not rounded, before any bound. */
  readonly tasks: number;
  readonly arrivalsPerSecond: number;
  readonly serviceMs: number;
  readonly isServiceMeasured: boolean;
  readonly startupMs: number;
  /** When a task asked for now could take its first job. */
  readonly horizonMs: number;
  /** Jobs that will wait at the horizon. */
  readonly projectedBacklog: number;
  readonly samples: readonly LoadSample[];
}

/** A rate is averaged over the slack that the objective grants beyond start-up and this reserve for the reaction. */
const REACTION_RESERVE_MS = 15_000;
/** Shorter windows read every burst as the new normal (32 times the cost on an on/off load). */
const MIN_RATE_WINDOW_MS = 30_000;
/** Share of the objective within which a projected backlog is cleared: from no slack at all to full slack. */
const CLEAR_SHARE = { tight: 0.5, slack: 0.7 } as const;
/** Utilisation aimed at. High is right: with a wait allowed, the queue is the buffer. */
const UTILISATION = { tight: 0.97, slack: 1 } as const;

/** Demand at a tick. Counts must have been checked for sanity. */
export function demand(
  counts: BacklogCounts,
  target: TargetFacts,
  spec: ScalingSpec,
  past: readonly LoadSample[],
  nowMs: number,
): Demand {
  const isServiceMeasured = isPositive(target.meanServiceMs);
  const meanMs = isPositive(target.meanServiceMs) ? target.meanServiceMs : spec.serviceHintMs;
  const startupMs = isPositive(target.startupMs) ? target.startupMs : spec.startupHintMs;
  const samples = withSample(past, loadSample(counts, target, meanMs, past.at(-1), nowMs));
  const known = {
    serviceMs: Math.max(meanMs, runningForMs(samples)),
    startupMs,
    horizonMs: startupMs + spec.lagMs,
    perMs: arrivalsPerMs(samples, rateWindowMs(spec, startupMs), nowMs),
  };
  const { slots, projectedBacklog } = slotsNeeded(counts, target, spec, known);
  return {
    tasks: slots / spec.slots,
    arrivalsPerSecond: known.perMs * 1_000,
    serviceMs: known.serviceMs,
    isServiceMeasured,
    startupMs,
    horizonMs: known.horizonMs,
    projectedBacklog,
    samples,
  };
}

function slotsNeeded(
  counts: BacklogCounts,
  { running, pending, busySlots }: TargetFacts,
  spec: ScalingSpec,
  {
    serviceMs,
    horizonMs,
    perMs,
  }: { readonly serviceMs: number; readonly horizonMs: number; readonly perMs: number },
): { readonly slots: number; readonly projectedBacklog: number } {
  const { timeInQueueMs } = spec;
  const done = ((running + pending / 2) * spec.slots * horizonMs) / serviceMs;
  const projectedBacklog = Math.max(0, counts.backlog + perMs * horizonMs - done);
  const slack = Math.min(1, Math.max(0, (timeInQueueMs - horizonMs) / timeInQueueMs));
  const clearMs = timeInQueueMs * between(CLEAR_SHARE, slack);
  const steady = (perMs * serviceMs) / between(UTILISATION, slack);
  const late = Math.max(0, projectedBacklog - (perMs * clearMs) / 2);
  // A slot starts this many jobs while the backlog is cleared. Of long jobs a busy slot starts a fraction, a fresh one
  // starts one: without the difference the jobs in hand would count as room.
  const startsPerSlot = clearMs / serviceMs;
  const fresh = Math.max(0, projectedBacklog - busySlots * startsPerSlot) / Math.max(1, startsPerSlot);
  const needed = Math.max(
    steady + (late * serviceMs) / timeInQueueMs,
    busySlots + fresh,
    // What is visible now must be cleared in time by the tasks that stay, or scaling in would undo itself.
    (counts.backlog * serviceMs) / timeInQueueMs,
  );
  // A fluid estimate of long jobs is absurd: ten jobs of an hour never need more than ten slots.
  const jobs = counts.backlog + Math.max(counts.inFlight, busySlots) + perMs * horizonMs;
  return { slots: Math.min(needed, jobs), projectedBacklog };
}

/**
 * How long the jobs in hand have run, at least: a lower bound of the service time while hardly any job finishes.
 *
 * Without it a service whose first jobs are long would be planned by the hint, and one whose jobs turn long by the past,
 * until the first of them ends.
 */
function runningForMs(samples: readonly LoadSample[]): number {
  const latest = samples.at(-1);
  if (latest === undefined || !latest.isCounted || latest.busySlots === 0) return 0;
  // The latest stretch in which fewer jobs finished than are in hand now.
  const start = samples.findIndex(({ finished }) => latest.finished - finished < latest.busySlots);
  const stretch = samples.slice(start);
  let slotMs = 0;
  let previous = stretch[0] ?? latest;
  for (const sample of stretch.slice(1)) {
    slotMs += Math.min(previous.busySlots, sample.busySlots) * (sample.atMs - previous.atMs);
    previous = sample;
  }
  const finished = latest.finished - (stretch[0] ?? latest).finished;
  return slotMs / (finished + latest.busySlots);
}

function loadSample(
  counts: BacklogCounts,
  target: TargetFacts,
  serviceMs: number,
  last: LoadSample | undefined,
  nowMs: number,
): LoadSample {
  const { busySlots, finishedJobs } = target;
  const jobs = counts.backlog + counts.inFlight;
  if (finishedJobs !== undefined && Number.isFinite(finishedJobs)) {
    return { atMs: nowMs, jobs, finished: finishedJobs, isCounted: true, busySlots };
  }
  // Not counted: by Little's law busy slots finish a job each per service time.
  const sinceMs = last === undefined ? 0 : Math.max(0, nowMs - last.atMs);
  const meanBusy = last === undefined ? 0 : (last.busySlots + busySlots) / 2;
  const before = last === undefined || last.isCounted ? 0 : last.finished;
  return {
    atMs: nowMs,
    jobs,
    finished: before + (meanBusy * sinceMs) / serviceMs,
    isCounted: false,
    busySlots,
  };
}

function arrivalsPerMs(samples: readonly LoadSample[], windowMs: number, nowMs: number): number {
  const latest = samples.at(-1);
  const earliest = recent(samples, nowMs, windowMs)[0];
  if (latest === undefined || earliest === undefined) return 0;
  const arrived = latest.jobs - earliest.jobs + latest.finished - earliest.finished;
  return Math.max(0, arrived) / Math.max(nowMs - earliest.atMs, Math.min(windowMs, MIN_RATE_WINDOW_MS));
}

function rateWindowMs(spec: ScalingSpec, startupMs: number): number {
  const slackMs = spec.timeInQueueMs - startupMs - REACTION_RESERVE_MS;
  return Math.min(MAX_RATE_WINDOW_MS, Math.max(MIN_RATE_WINDOW_MS, slackMs));
}

function between(range: { readonly tight: number; readonly slack: number }, slack: number): number {
  return range.tight + (range.slack - range.tight) * slack;
}

function isPositive(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value) && value > 0;
}
