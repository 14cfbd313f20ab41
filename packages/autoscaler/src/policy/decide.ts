/**
 * The policy, pure: facts, spec, memory and the time in; a count of tasks with its reason out.
 *
 * Tasks are added when jobs would be late without them, and given up when the rest is enough for minutes. No fact, no
 * scale-in; to zero only after two empty readings and the idle time; one visible message is enough to leave zero.
 */
import type { BacklogCounts, TargetFacts } from '../ports.ts';
import { withinBounds, withinFleet } from './bounds.ts';
import { demand, type Demand } from './demand.ts';
import type {
  Decision,
  DecisionInputs,
  HoldName,
  LimitName,
  Outlook,
  PinFacts,
  ScalingFacts,
} from './decision.ts';
import { withRecommendation, type ScalingHistory } from './history.ts';
import { holdReason, scaleReason } from './reason.ts';
import { objectiveInForce, type ScalingSpec } from './spec.ts';
import { withSpending } from './spending.ts';

/** One empty reading may be noise: SQS counts are approximate. */
const MIN_IDLE_READINGS = 2;
/** Patience with tasks that do not come up: this many start-up times, and at least this long. */
const SHORTAGE_STARTUPS = 2;
const MIN_SHORTAGE_MS = 10_000;
/** Fewer tasks are worth a change from this share of them on: a change has its own cost. */
const WORTH_SHARE = 0.1;
const ROUNDING = 1e-6;

/** Decides how many tasks a service should have. */
export function decide(
  facts: ScalingFacts,
  spec: ScalingSpec,
  history: ScalingHistory,
  nowMs: number,
): Decision {
  const { queue, target, outlook, pin } = facts;
  if (queue === undefined || target === undefined) return hold('no_metric', facts, spec, history, nowMs);
  if (!isSane(queue, target)) return hold('invalid_metric', facts, spec, history, nowMs);
  const ageMs = nowMs - Math.min(queue.atMs, target.atMs);
  const aheadMs = Math.max(queue.atMs, target.atMs) - nowMs;
  if (ageMs > spec.staleMs || aheadMs > spec.staleMs)
    return hold('stale_metric', facts, spec, history, nowMs);
  const current = pin !== undefined && pin.untilMs > nowMs ? pin : undefined;
  return scale({ queue, target, outlook, pin: current }, objectiveInForce(spec, target.jobs), history, nowMs);
}

interface KnownFacts {
  readonly queue: BacklogCounts;
  readonly target: TargetFacts;
  readonly outlook: Outlook | undefined;
  readonly pin: PinFacts | undefined;
}

function scale(known: KnownFacts, spec: ScalingSpec, history: ScalingHistory, nowMs: number): Decision {
  const { queue, target, outlook, pin } = known;
  const need = demand(queue, target, spec, history, outlook, nowMs);
  const idle = idleSince(queue, target, history, nowMs);
  const shortage = shortageSince(target, history, nowMs);
  const limits: LimitName[] = [];
  const isIdle =
    idle !== undefined && idle.readings >= MIN_IDLE_READINGS && nowMs - idle.sinceMs >= spec.idleMs;
  const enough = Math.ceil(need.enough - ROUNDING);
  // With no past there is no ground to scale in: the present count counts as recommended.
  const past =
    history.recommendations.length > 0
      ? history.recommendations
      : [{ atMs: nowMs - 1, tasks: target.desired }];
  const recommendations = withRecommendation(past, { atMs: nowMs, tasks: enough }, spec.holdMs);
  const recommended = isIdle ? 0 : wished(need, recommendations, queue, target, limits);
  const patienceMs = Math.max(MIN_SHORTAGE_MS, need.startupMs * SHORTAGE_STARTUPS);
  const isShort =
    target.shortage !== undefined || (shortage !== undefined && nowMs - shortage.sinceMs > patienceMs);
  const spending = withSpending(
    history.spending,
    target.running + target.pending + (target.draining ?? 0),
    nowMs,
  );
  const desired = withinBounds(recommended, { spec, target, outlook, pin, spending, isShort }, limits);
  const numbers = inputs(known, need, spec, recommended);
  return {
    desired,
    reason: scaleReason(numbers, spec, desired, limits, nowMs),
    inputs: numbers,
    limits,
    history: {
      samples: need.samples,
      forecast: need.forecast.memory,
      margin: need.margin,
      spending,
      recommendations,
      pendingSinceMs: need.pendingSinceMs,
      idle,
      shortage,
      desired,
    },
  };
}

/** What demand asks for: more at once, less only when the hold window agrees and it is worth a change. */
function wished(
  need: Demand,
  recommendations: ScalingHistory['recommendations'],
  queue: BacklogCounts,
  target: TargetFacts,
  limits: LimitName[],
): number {
  // From zero only for a message that waits: forecasts and delayed messages are served when they have become one.
  if (target.desired === 0 && queue.backlog === 0) return 0;
  const needed = Math.ceil(need.needed - ROUNDING);
  const held = Math.max(...recommendations.map(({ tasks }) => tasks));
  let tasks = target.desired;
  if (needed > tasks) tasks = needed;
  else if (target.desired - held >= Math.max(1, WORTH_SHARE * target.desired)) tasks = Math.max(held, needed);
  else if (Math.max(needed, Math.ceil(need.enough - ROUNDING)) < target.desired) limits.push('hold_window');
  const least = queue.backlog > 0 ? 1 : Math.min(1, target.desired);
  if (tasks >= least) return tasks;
  if (queue.backlog === 0) limits.push('not_idle');
  return least;
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
  const desired = withinFleet(before, spec, limits);
  return {
    desired,
    reason: holdReason(limit, { queue, target }, spec, desired, nowMs),
    inputs: { ...queue, desiredBefore: before },
    limits,
    history: {
      ...history,
      // The hold counts as a recommendation, so that the first fact after it does not scale in at once.
      recommendations: withRecommendation(
        history.recommendations,
        { atMs: nowMs, tasks: desired },
        spec.holdMs,
      ),
      idle: undefined,
      desired,
    },
  };
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
  { queue, target, outlook, pin }: KnownFacts,
  need: Demand,
  spec: ScalingSpec,
  recommended: number,
): DecisionInputs {
  return {
    backlog: queue.backlog,
    inFlight: queue.inFlight,
    delayed: queue.delayed,
    desiredBefore: target.desired,
    running: target.running,
    pending: target.pending,
    draining: target.draining ?? 0,
    busyTasks: target.busyTasks,
    busySlots: target.busySlots,
    ...(target.oldestWaitMs === undefined ? {} : { oldestWaitMs: target.oldestWaitMs }),
    arrivalsPerSecond: need.arrivalsPerMs * 1_000,
    latestPerSecond: need.latestPerMs * 1_000,
    persistence: need.persistence,
    serviceMs: need.serviceMs,
    isServiceMeasured: need.isServiceMeasured,
    startupMs: need.startupMs,
    projectedBacklog: need.projectedBacklog,
    timeInQueueMs: spec.timeInQueueMs,
    margin: need.margin.share,
    needed: need.needed,
    enough: need.enough,
    recommended,
    ...(target.shortage === undefined ? {} : { shortage: target.shortage }),
    ...(outlook?.events === undefined ? {} : { events: outlook.events }),
    ...(pin === undefined ? {} : { pin }),
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
