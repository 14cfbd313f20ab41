/** A decision in one sentence, with its numbers, for people. */
import { formatDuration } from '@longshore/job';
import type { DecisionInputs, HoldName, LimitName, ScalingFacts } from './decision.ts';
import type { ScalingSpec } from './spec.ts';

/**
 * `pdf-extraction 6 → 9: 412 waiting, oldest 37s, 11/s arriving, 1.3/s per task; 9 clear it by 14:02:10 inside the 1m
 * objective`. Times are UTC.
 */
export function scaleReason(
  inputs: DecisionInputs,
  spec: ScalingSpec,
  desired: number,
  limits: readonly LimitName[],
  nowMs: number,
): string {
  const { backlog = 0, desiredBefore = desired, arrivalsPerSecond = 0, serviceMs = 0, oldestWaitMs } = inputs;
  const change =
    desired === desiredBefore
      ? `${spec.service} stays at ${desired}`
      : `${spec.service} ${desiredBefore} → ${desired}`;
  const perTask = (spec.slots * 1_000) / serviceMs;
  const about = inputs.isServiceMeasured === true ? '' : 'about ';
  const facts = [
    `${count(backlog)} waiting`,
    ...(oldestWaitMs === undefined || backlog === 0 ? [] : [`oldest ${duration(oldestWaitMs)}`]),
    `${rounded(arrivalsPerSecond)}/s arriving`,
    `${about}${rounded(perTask)}/s per task`,
  ];
  const why = limits.map((limit) => `, ${because(limit, inputs, spec)}`).join('');
  return `${change}: ${facts.join(', ')}; ${outcome(inputs, spec, desired, perTask, nowMs)}${why}`;
}

/** `mail stays at 3: the facts are 2m old`. */
export function holdReason(
  limit: HoldName,
  { queue, target }: ScalingFacts,
  spec: ScalingSpec,
  desired: number,
  nowMs: number,
): string {
  const held = `${spec.service} stays at ${desired}`;
  if (limit === 'invalid_metric') {
    const { atMs: _queueAt, ...counts } = queue ?? { atMs: 0 };
    const { desired: asked, running, pending, busyTasks, busySlots } = target ?? {};
    const seen = Object.entries({ ...counts, desired: asked, running, pending, busyTasks, busySlots });
    const wrong = seen.filter(([, value]) => !(Number.isFinite(value) && Number(value) >= 0));
    return `${held}: ${wrong.map(([name, value]) => `${name} is ${value}`).join(', ') || 'a time is not a number'}`;
  }
  if (queue === undefined) return `${held}: the queue could not be measured`;
  if (target === undefined) return `${held}: the tasks could not be observed`;
  const ageMs = nowMs - Math.min(queue.atMs, target.atMs);
  return ageMs > 0
    ? `${held}: the facts are ${duration(ageMs)} old`
    : `${held}: the facts are from the future`;
}

/** What the count leads to, by the same fluid estimate that the plan is made of. */
function outcome(
  {
    backlog = 0,
    inFlight = 0,
    busySlots = 0,
    arrivalsPerSecond = 0,
    startupMs = 0,
    running = 0,
    needed = 0,
  }: DecisionInputs,
  { timeInQueueMs }: ScalingSpec,
  desired: number,
  perTask: number,
  nowMs: number,
): string {
  const objective = `the ${duration(timeInQueueMs)} objective`;
  if (desired === 0) return backlog + inFlight + busySlots === 0 ? 'nothing to do' : 'none may run';
  if (backlog === 0) return `${desired} ${desired === 1 ? 'keeps' : 'keep'} jobs inside ${objective}`;
  const surplus = perTask * desired - arrivalsPerSecond;
  const isEnough = desired >= needed - 1e-6;
  if (surplus <= 0)
    return isEnough
      ? `the queue holds what ${desired} cannot take, for as long as ${objective} allows`
      : `jobs wait longer than ${objective}`;
  const startMs = desired > running ? startupMs : 0;
  const before = arrivalsPerSecond - perTask * Math.min(running, desired);
  const left = Math.max(0, backlog + before * (startMs / 1_000));
  const by = clockTime(nowMs, startMs + (left / surplus) * 1_000);
  const verb = desired === 1 ? 'clears' : 'clear';
  return `${desired} ${verb} it ${by}${isEnough ? ` inside ${objective}` : `, later than ${objective}`}`;
}

function clockTime(nowMs: number, inMs: number): string {
  const at = new Date(nowMs + inMs);
  if (Number.isNaN(at.getTime()) || inMs > 86_400_000) return `in ${duration(inMs)}`;
  return `by ${at.toISOString().slice(11, 19)}`;
}

function because(limit: LimitName, inputs: DecisionInputs, spec: ScalingSpec): string {
  const { events = [], shortage, running = 0, desiredBefore = 0, busyTasks = 0, pin } = inputs;
  const texts: Readonly<Record<LimitName, string>> = {
    min: `limited by min ${spec.min}`,
    max: `limited by max ${spec.max}`,
    step: `limited to ${spec.stepUp ?? 'any'} more or ${spec.stepDown ?? 'any'} fewer at a time`,
    budget: `limited by the budget of ${spec.taskHoursPerDay ?? 0} task-hours a day`,
    pinned:
      pin === undefined
        ? 'pinned'
        : `pinned to ${pin.tasks} until ${new Date(pin.untilMs).toISOString().slice(0, 16)}Z by ${pin.by}`,
    pool: 'limited by the pool that the services share',
    calendar: `kept for ${events.join(' and ') || 'a known event'}`,
    hold_window: `held by the last ${formatDuration(spec.holdMs)}`,
    busy_tasks: `kept for ${busyTasks} busy`,
    not_idle: `not idle for ${formatDuration(spec.idleMs)}`,
    deployment: 'kept while a deployment is rolled out',
    no_capacity: `only ${running} of ${desiredBefore} come up${shortage === undefined ? '' : ` for want of ${shortage}`}`,
    no_metric: 'facts are missing',
    stale_metric: 'facts are old',
    invalid_metric: 'facts are wrong',
  };
  return texts[limit];
}

function duration(ms: number): string {
  return formatDuration(ms < 1_000 ? Math.round(ms) : Math.round(ms / 1_000) * 1_000);
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function rounded(perSecond: number): string {
  if (perSecond === 0 || !Number.isFinite(perSecond)) return '0';
  return perSecond >= 100 ? count(Math.round(perSecond)) : String(Number(perSecond.toPrecision(2)));
}
