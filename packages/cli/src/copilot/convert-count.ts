/** Copilot's `count` as the bounds and the objective of a service. */
import type { ObjectiveInput, ScaleInput } from '@longshore/fleet';
import { durationText } from './duration-text.ts';
import type { Notes } from './notes.ts';
import { isMap } from './read-manifest.ts';

/** What `count` says of time: the objective, and how long a message takes. */
export interface TimeFields {
  readonly objective: ObjectiveInput;
  readonly serviceTime?: string;
}

/** Copilot's default. */
const ONE: ScaleInput = { min: 1, max: 1 };
/** What the fleets of this project ask for: a task can be started in this time. */
const OBJECTIVE = '60s';

/** The bounds. */
export function scaleOf(count: unknown, notes: Notes): ScaleInput {
  if (count === undefined || count === null) return ONE;
  if (isCount(count)) return { min: count, max: count };
  if (!isMap(count)) return refused('count', count, notes);
  const { range, spot } = count;
  if (isCount(spot)) {
    notes.add('count.spot', spot, 'Spot is a matter of capacity providers; the number stands in the entry');
    return { min: spot, max: spot };
  }
  if (typeof range === 'string') {
    const [, min, max] = /^(\d+)-(\d+)$/.exec(range.trim()) ?? [];
    return min === undefined || max === undefined
      ? refused('count.range', range, notes)
      : { min: Number(min), max: Number(max) };
  }
  if (!isMap(range)) return refused('count', count, notes);
  const { min, max, spot_from: spotFrom } = range;
  if (spotFrom !== undefined)
    notes.add('count.range.spot_from', spotFrom, 'Spot is a matter of capacity providers of the cluster');
  return isCount(min) && isCount(max) ? { min, max } : refused('count.range', range, notes);
}

/** The objective: how late a message may be, which Copilot calls the acceptable latency. */
export function objectiveOf(count: unknown, notes: Notes): TimeFields {
  const fields = isMap(count) ? count : {};
  for (const field of ['cpu_percentage', 'memory_percentage', 'requests', 'response_time']) {
    if (fields[field] !== undefined)
      notes.add(
        `count.${field}`,
        fields[field],
        'tasks follow the queue: its backlog, its arrivals, its objective',
      );
  }
  if (fields['cooldown'] !== undefined)
    notes.add(
      'count.cooldown',
      fields['cooldown'],
      'the autoscaler needs none; scale.idle and scale.step bound it',
    );
  const delay = fields['queue_delay'];
  if (!isMap(delay)) {
    notes.add(
      'count.queue_delay',
      delay,
      `there is none: an objective of ${OBJECTIVE} stands in the entry, choose your own`,
    );
    return { objective: { timeInQueue: OBJECTIVE } };
  }
  if (delay['cooldown'] !== undefined)
    notes.add('count.queue_delay.cooldown', delay['cooldown'], 'the autoscaler needs none');
  const latency = durationText(delay['acceptable_latency'], 'count.queue_delay.acceptable_latency', notes);
  const perMessage = durationText(
    delay['msg_processing_time'],
    'count.queue_delay.msg_processing_time',
    notes,
  );
  if (latency === undefined)
    notes.add('objective', undefined, `no acceptable latency was read: ${OBJECTIVE} stands in the entry`);
  return {
    objective: { timeInQueue: latency ?? OBJECTIVE },
    ...(perMessage === undefined ? {} : { serviceTime: perMessage }),
  };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

function refused(field: string, value: unknown, notes: Notes): ScaleInput {
  notes.add(field, value, 'it is no count that is understood; one task stands in the entry');
  return ONE;
}
