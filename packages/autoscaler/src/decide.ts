/**
 * The policy, pure: facts, spec, memory and the time in; a count of tasks with its reason out.
 *
 * Up at once, down slowly. Invariants: within min and max; never below the busy tasks unless above max; no fact, no
 * scale-in; to zero only after two empty readings and the idle time; one visible message is enough to leave zero.
 */
import { demand, type Demand } from './demand.ts';
import type { Decision, DecisionInputs, HoldName, LimitName, ScalingFacts } from './decision.ts';
import { withRecommendation, type ScalingHistory } from './history.ts';
import type { BacklogCounts, TargetFacts } from './ports.ts';
import { holdReason, scaleReason } from './reason.ts';
import type { ScalingSpec } from './spec.ts';

/** One empty reading may be noise: SQS counts are approximate. */
const MIN_IDLE_READINGS = 2;
/** Patience with tasks that do not come up: this many start-up times, and at least this long. */
const SHORTAGE_STARTUPS = 2;
const MIN_SHORTAGE_MS = 10_000;

/** Decides how many tasks a service should have. */
export function decide(
  facts: ScalingFacts,
  spec: ScalingSpec,
  history: ScalingHistory,
  nowMs: number,
): Decision {
  const { queue, target } = facts;
  if (queue === undefined || target === undefined) return hold('no_metric', facts, spec, history, nowMs);
  if (!isSane(queue, target)) return hold('invalid_metric', facts, spec, history, nowMs);
  const ageMs = nowMs - Math.min(queue.atMs, target.atMs);
  const aheadMs = Math.max(queue.atMs, target.atMs) - nowMs;
  if (ageMs > spec.staleMs || aheadMs > spec.staleMs)
    return hold('stale_metric', facts, spec, history, nowMs);
  return scale(queue, target, spec, history, nowMs);
}

function scale(
  queue: BacklogCounts,
  target: TargetFacts,
  spec: ScalingSpec,
  history: ScalingHistory,
  nowMs: number,
): Decision {
  const { samples, ...need } = demand(queue, target, spec, history.samples, nowMs);
  const idle = idleSince(queue, target, history, nowMs);
  const shortage = shortageSince(target, history, nowMs);
  const isIdle =
    idle !== undefined && idle.readings >= MIN_IDLE_READINGS && nowMs - idle.sinceMs >= spec.idleMs;
  const limits: LimitName[] = [];

  let desired = isIdle ? 0 : Math.max(0, Math.ceil(need.tasks - 1e-9));
  const least = queue.backlog > 0 ? 1 : Math.min(1, target.desired);
  if (!isIdle && desired < least) {
    if (queue.backlog === 0) limits.push('not_idle');
    desired = least;
  }
  const recommended = desired;
  const patienceMs = Math.max(MIN_SHORTAGE_MS, need.startupMs * SHORTAGE_STARTUPS);
  if (shortage !== undefined && nowMs - shortage.sinceMs > patienceMs && desired > target.desired) {
    limits.push('no_capacity');
    desired = target.desired;
  }
  // With no past there is no ground to scale in: the present count counts as recommended.
  const past =
    history.recommendations.length > 0
      ? history.recommendations
      : [{ atMs: nowMs - 1, tasks: target.desired }];
  const recommendations = withRecommendation(past, { atMs: nowMs, tasks: recommended }, spec.holdMs);
  const held = Math.min(target.desired, Math.max(...recommendations.map(({ tasks }) => tasks)));
  // The idle time has been its own hold window.
  if (!isIdle && held > desired) {
    limits.push('hold_window');
    desired = held;
  }
  desired = bounded(desired, target.busyTasks, spec, limits);
  const numbers = inputs(queue, target, need, recommended);
  return {
    desired,
    reason: scaleReason(numbers, spec, desired, limits),
    inputs: numbers,
    limits,
    history: { samples, recommendations, idle, shortage, desired },
  };
}

function hold(
  limit: HoldName,
  { queue, target }: ScalingFacts,
  spec: ScalingSpec,
  history: ScalingHistory,
  nowMs: number,
): Decision {
  const limits: LimitName[] = [limit];
  const before =
    target === undefined || !isCount(target.desired) ? (history.desired ?? spec.min) : target.desired;
  const desired = bounded(before, 0, spec, limits);
  const inputsKnown = { ...queue, desiredBefore: before };
  return {
    desired,
    reason: holdReason(limit, { queue, target }, desired, nowMs),
    inputs: inputsKnown,
    limits,
    history: {
      samples: history.samples,
      // The hold counts as a recommendation, so that the first fact after it does not scale in at once.
      recommendations: withRecommendation(
        history.recommendations,
        { atMs: nowMs, tasks: desired },
        spec.holdMs,
      ),
      idle: undefined,
      shortage: history.shortage,
      desired,
    },
  };
}

function bounded(tasks: number, busyTasks: number, spec: ScalingSpec, limits: LimitName[]): number {
  let desired = tasks;
  if (desired < busyTasks) {
    limits.push('busy_tasks');
    desired = busyTasks;
  }
  if (desired < spec.min) {
    limits.push('min');
    desired = spec.min;
  }
  if (desired > spec.max) {
    limits.push('max');
    desired = spec.max;
  }
  return desired;
}

function idleSince(
  queue: BacklogCounts,
  target: TargetFacts,
  { idle }: ScalingHistory,
  nowMs: number,
): ScalingHistory['idle'] {
  if (queue.backlog > 0 || queue.inFlight > 0 || target.busySlots > 0) return undefined;
  return { sinceMs: Math.min(nowMs, idle?.sinceMs ?? nowMs), readings: (idle?.readings ?? 0) + 1 };
}

function shortageSince(
  { desired, running }: TargetFacts,
  { shortage }: ScalingHistory,
  nowMs: number,
): ScalingHistory['shortage'] {
  if (running >= desired) return undefined;
  if (shortage === undefined || running > shortage.running) return { sinceMs: nowMs, running };
  return shortage;
}

function inputs(
  queue: BacklogCounts,
  target: TargetFacts,
  need: Omit<Demand, 'samples'>,
  recommended: number,
): DecisionInputs {
  return {
    backlog: queue.backlog,
    inFlight: queue.inFlight,
    delayed: queue.delayed,
    desiredBefore: target.desired,
    running: target.running,
    pending: target.pending,
    busyTasks: target.busyTasks,
    busySlots: target.busySlots,
    ...(target.oldestWaitMs === undefined ? {} : { oldestWaitMs: target.oldestWaitMs }),
    arrivalsPerSecond: need.arrivalsPerSecond,
    serviceMs: need.serviceMs,
    isServiceMeasured: need.isServiceMeasured,
    startupMs: need.startupMs,
    projectedBacklog: need.projectedBacklog,
    recommended,
  };
}

function isSane(queue: BacklogCounts & { readonly atMs: number }, target: TargetFacts): boolean {
  const counts = [queue.backlog, queue.inFlight, queue.delayed];
  const tasks = [target.desired, target.running, target.pending, target.busyTasks, target.busySlots];
  const areCounts =
    counts.every(isCount) && tasks.every((count) => isCount(count) && Number.isInteger(count));
  return areCounts && Number.isFinite(queue.atMs) && Number.isFinite(target.atMs);
}

function isCount(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}
