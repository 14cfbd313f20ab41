/**
 * Demand in slot-seconds, pure: the fewest tasks with which no job waits longer than planned, by deadlines.
 *
 * Arrivals up to now are known, later ones forecast. A job that arrived at t must have started by t + wait; the tasks
 * that run and start work until the horizon, when a task asked for now could take its first job; what must have started
 * after it and cannot by then needs other tasks. So only jobs that would be late call for tasks, tasks that are still
 * starting count, and the queue is the buffer that lets a fleet run full.
 */
import type { BacklogCounts, TargetFacts } from '../ports.ts';
import { arrivedBy, loadSample, withSample, type LoadSample } from './arrivals.ts';
import type { Outlook } from './decision.ts';
import { forecast, LONG_MS, type Forecast } from './forecast.ts';
import { withPending, type ScalingHistory } from './history.ts';
import { plannedWaits, withWait, type MarginMemory } from './margin.ts';
import type { ScalingSpec } from './spec.ts';

/** Demand and everything it was computed from. */
export interface Demand {
  /** Tasks without which jobs would wait longer than planned. */
  readonly needed: number;
  /** Tasks that are enough for minutes; what is above can be given up. */
  readonly enough: number;
  readonly arrivalsPerMs: number;
  readonly latestPerMs: number;
  readonly persistence: number;
  readonly serviceMs: number;
  readonly isServiceMeasured: boolean;
  readonly startupMs: number;
  /** When a task asked for now could take its first job. */
  readonly horizonMs: number;
  /** Jobs that will wait at the horizon. */
  readonly projectedBacklog: number;
  readonly samples: readonly LoadSample[];
  readonly forecast: Forecast;
  readonly margin: MarginMemory;
  readonly pendingSinceMs: readonly number[];
}

/** How far beyond the horizon tasks must be enough, when some are added, and when some are given up. */
const ADD_AHEAD_MS = 60_000;
const GIVE_UP_AHEAD_MS = 300_000;
/** Within this time beyond the horizon lateness is not worth tasks of its own; the margin below the objective covers it. */
const SMOOTHING_MS = 5_000;
/** Deadlines are looked at this far apart, growing. */
const GROWTH = 1.3;
/** Finished jobs a slot that a measured mean stands for, and how much longer jobs must run before they have become longer. */
const KNOWN_PER_SLOT = 5;
const LONGER = 2;
/** A start-up of which the 90th percentile is known takes this share of it on the average (lognormal, sigma 0.2). */
const TYPICAL_STARTUP = 0.75;
/** Delayed jobs come due within SQS's longest delay, 15 minutes; on the average half of that is left. */
const DELAYED_DUE_MS = 450_000;

/** Demand at a tick. Counts must have been checked for sanity. */
export function demand(
  counts: BacklogCounts,
  target: TargetFacts,
  spec: ScalingSpec,
  past: ScalingHistory,
  outlook: Outlook | undefined,
  nowMs: number,
): Demand {
  const isServiceMeasured = isPositive(target.meanServiceMs);
  const meanMs = isPositive(target.meanServiceMs) ? target.meanServiceMs : spec.serviceHintMs;
  const startupMs = isPositive(target.startupMs) ? target.startupMs : spec.startupHintMs;
  const horizonMs = startupMs + spec.lagMs;
  const keepMs = Math.max(LONG_MS, spec.timeInQueueMs) + 2 * horizonMs;
  const sample = loadSample(counts, target, meanMs, past.samples.at(-1), nowMs);
  const samples = withSample(past.samples, sample, keepMs);
  const expected = forecast(samples, past.forecast, horizonMs);
  const margin = withWait(past.margin, target.oldestWaitMs, spec, horizonMs, nowMs);
  const pendingSinceMs = withPending(past.pendingSinceMs, target.pending, nowMs);
  const waits = plannedWaits(margin, spec, meanMs);
  const plan: Plan = {
    samples,
    nowMs,
    perMs: aheadPerMs(expected, counts, outlook),
    slots: spec.slots,
    serviceMs: Math.max(meanMs, runningForMs(samples, isServiceMeasured ? meanMs : undefined)),
    horizonMs,
    present: target.running + target.pending,
    started: sample.arrived - counts.backlog,
    readyInMs: pendingSinceMs.map((sinceMs) => readyInMs(sinceMs, startupMs, nowMs)),
    running: target.running,
    jobs: counts.backlog + Math.max(counts.inFlight, target.busySlots),
  };
  const byHorizon = startedByHorizon(plan);
  return {
    needed: tasksFor(plan, byHorizon, waits.addBeyondMs, ADD_AHEAD_MS),
    enough: tasksFor(plan, byHorizon, waits.giveUpWithinMs, GIVE_UP_AHEAD_MS),
    arrivalsPerMs: plan.perMs,
    latestPerMs: expected.latestPerMs,
    persistence: expected.persistence,
    serviceMs: plan.serviceMs,
    isServiceMeasured,
    startupMs,
    horizonMs,
    projectedBacklog: Math.max(0, sample.arrived + plan.perMs * horizonMs - byHorizon),
    samples,
    forecast: expected,
    margin,
    pendingSinceMs,
  };
}

/** Everything that a count of tasks is judged by. */
interface Plan {
  readonly samples: readonly LoadSample[];
  readonly nowMs: number;
  readonly perMs: number;
  readonly slots: number;
  readonly serviceMs: number;
  readonly horizonMs: number;
  /** Tasks that run or start. */
  readonly present: number;
  readonly running: number;
  /** When each pending task is expected to work. */
  readonly readyInMs: readonly number[];
  /** Jobs that have started so far, on the scale of the samples. */
  readonly started: number;
  /** Jobs waiting and in hand. */
  readonly jobs: number;
}

/** Jobs that will have started when a task asked for now could take one. */
function startedByHorizon({
  running,
  readyInMs: ready,
  slots,
  serviceMs,
  horizonMs,
  started,
  perMs,
  samples,
}: Plan): number {
  let taskMs = running * horizonMs;
  let fresh = 0;
  for (const inMs of ready) {
    if (inMs >= horizonMs) continue;
    taskMs += horizonMs - inMs;
    fresh += slots;
  }
  const arrived = (samples.at(-1)?.arrived ?? 0) + perMs * horizonMs;
  return Math.min(arrived, started + fresh + (taskMs * slots) / serviceMs);
}

/** Fewest tasks from the horizon on with which no job waits longer than `waitMs` for the time `aheadMs` after it. */
function tasksFor(plan: Plan, byHorizon: number, waitMs: number, aheadMs: number): number {
  const { slots, serviceMs, present, horizonMs, perMs, jobs } = plan;
  const perTaskMs = slots / serviceMs;
  let tasks = 0;
  for (let afterMs = SMOOTHING_MS; ; afterMs = Math.min(aheadMs, afterMs * GROWTH)) {
    const due = arrivedAt(plan, horizonMs + afterMs - waitMs) - byHorizon;
    let fewest = due / (perTaskMs * afterMs);
    // A task that is new takes a job into each of its slots at once.
    if (fewest > present) fewest = Math.max(present, (due + present * slots) / (slots + perTaskMs * afterMs));
    tasks = Math.max(tasks, fewest);
    if (afterMs >= aheadMs) break;
  }
  // Ten jobs never need more than ten slots, however long they take.
  return Math.min(tasks, (jobs + perMs * (horizonMs + aheadMs)) / slots);
}

/**
 * Jobs arrived by a time relative to now: known before it, forecast after it. Never more than have arrived by now, which a
 * count that was too high may claim.
 */
function arrivedAt({ samples, nowMs, perMs }: Plan, inMs: number): number {
  const arrived = samples.at(-1)?.arrived ?? 0;
  return inMs <= 0 ? Math.min(arrived, arrivedBy(samples, nowMs + inMs)) : arrived + perMs * inMs;
}

/** The forecast, what is known of the time ahead, and the delayed jobs, which arrive when they come due. */
function aheadPerMs({ perMs }: Forecast, { delayed }: BacklogCounts, outlook: Outlook | undefined): number {
  const season = outlook?.changePerSecond ?? 0;
  return Math.max(0, perMs + season / 1_000) * (outlook?.factor ?? 1) + delayed / DELAYED_DUE_MS;
}

function readyInMs(sinceMs: number, startupMs: number, nowMs: number): number {
  const leftMs = sinceMs + startupMs * TYPICAL_STARTUP - nowMs;
  // Overdue: it may come any moment, or not at all.
  return leftMs > 0 ? leftMs : startupMs * TYPICAL_STARTUP;
}

/**
 * How long the jobs in hand have run, at least: a lower bound of the service time while hardly any job finishes.
 *
 * Without it a service whose first jobs are long would be planned by the hint, and one whose jobs turn long by the past,
 * until the first of them ends. A measured mean stands for several finished jobs a slot, so that one long job is no trend.
 */
function runningForMs(samples: readonly LoadSample[], measuredMs: number | undefined): number {
  const latest = samples.at(-1);
  if (latest === undefined || !latest.isCounted || latest.busySlots === 0) return 0;
  // The latest stretch in which fewer jobs finished than are in hand now.
  let start = samples.length - 1;
  while (start > 0 && latest.finished - (samples[start - 1]?.finished ?? 0) < latest.busySlots) start -= 1;
  let slotMs = 0;
  let previous = samples[start] ?? latest;
  for (let index = start + 1; index < samples.length; index += 1) {
    const sample = samples[index] ?? latest;
    slotMs += Math.min(previous.busySlots, sample.busySlots) * (sample.atMs - previous.atMs);
    previous = sample;
  }
  const finished = latest.finished - (samples[start] ?? latest).finished;
  const known = measuredMs === undefined ? 0 : KNOWN_PER_SLOT * latest.busySlots;
  const ranMs = (slotMs + known * (measuredMs ?? 0)) / (finished + latest.busySlots + known);
  return ranMs > LONGER * (measuredMs ?? 0) ? ranMs : 0;
}

function isPositive(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value) && value > 0;
}
