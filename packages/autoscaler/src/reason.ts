/** A decision in one sentence, with its numbers, for people. */
import { formatDuration } from '@longshore/job';
import type { DecisionInputs, HoldName, LimitName, ScalingFacts } from './decision.ts';
import type { ScalingSpec } from './spec.ts';

/** `2 to 10 tasks: 990 waiting, 4 in flight, 12.5/s arriving at 1s each in 2 slots need 14 for 1m in queue, limited by max 10`. */
export function scaleReason(
  inputs: DecisionInputs,
  spec: ScalingSpec,
  desired: number,
  limits: readonly LimitName[],
): string {
  const {
    backlog = 0,
    inFlight = 0,
    arrivalsPerSecond = 0,
    serviceMs = 0,
    desiredBefore = desired,
    recommended = 0,
  } = inputs;
  const change = desired === desiredBefore ? tasks(desired) : `${desiredBefore} to ${tasks(desired)}`;
  const load = `${backlog} waiting, ${inFlight} in flight, ${rounded(arrivalsPerSecond)}/s arriving`;
  const each = `${inputs.isServiceMeasured === true ? '' : 'about '}${formatDuration(serviceMs)} each in ${spec.slots} slots`;
  const need = `need ${recommended} for ${formatDuration(spec.timeInQueueMs)} in queue`;
  const why = limits.map((limit) => `, ${because(limit, inputs, spec)}`).join('');
  return `${change}: ${load} at ${each} ${need}${why}`;
}

/** `3 tasks held: the counts are 2m old`. */
export function holdReason(
  limit: HoldName,
  { queue, target }: ScalingFacts,
  desired: number,
  nowMs: number,
): string {
  const held = `${tasks(desired)} held`;
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
    ? `${held}: the facts are ${formatDuration(ageMs)} old`
    : `${held}: the facts are from the future`;
}

function because(limit: LimitName, inputs: DecisionInputs, spec: ScalingSpec): string {
  const texts: Readonly<Record<LimitName, string>> = {
    min: `limited by min ${spec.min}`,
    max: `limited by max ${spec.max}`,
    hold_window: `held by the last ${formatDuration(spec.holdMs)}`,
    busy_tasks: `kept for ${inputs.busyTasks ?? 0} busy`,
    not_idle: `not idle for ${formatDuration(spec.idleMs)}`,
    no_capacity: `only ${inputs.running ?? 0} of ${inputs.desiredBefore ?? 0} come up`,
    no_metric: 'facts are missing',
    stale_metric: 'facts are old',
    invalid_metric: 'facts are wrong',
  };
  return texts[limit];
}

function tasks(count: number): string {
  return count === 1 ? '1 task' : `${count} tasks`;
}

function rounded(perSecond: number): string {
  return perSecond === 0 ? '0' : perSecond.toPrecision(2).replace(/\.0+$/, '');
}
