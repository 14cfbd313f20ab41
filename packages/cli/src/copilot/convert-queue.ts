/** Copilot's `subscribe` as a queue of a fleet. */
import type { QueueInput } from '@longshore/fleet';
import { parseDurationMs } from '@longshore/job';
import { durationText } from './duration-text.ts';
import type { Notes } from './notes.ts';
import { isMap, type YamlMap } from './read-manifest.ts';

/** Receives after which the queue itself gives a message up; twice this many attempts stay below it. */
const BACKSTOP = 20;

/** The queue of the service. */
export function queueOf(subscribe: unknown, job: string, notes: Notes): QueueInput {
  const fields = isMap(subscribe) ? subscribe : {};
  noteTopics(fields['topics'], notes);
  const queue = isMap(fields['queue']) ? fields['queue'] : {};
  const at = 'subscribe.queue';
  const lease = leaseOf(queue, notes);
  const retention = durationText(queue['retention'], `${at}.retention`, notes);
  const maxReceives = maxReceivesOf(queue['dead_letter'], notes);
  if (queue['delay'] !== undefined)
    notes.add(
      `${at}.delay`,
      queue['delay'],
      'whoever enqueues gives the delay: enqueue(job, payload, { delayMs })',
    );
  if (queue['fifo'] !== undefined && queue['fifo'] !== false)
    notes.add(
      `${at}.fifo`,
      queue['fifo'],
      "the fleet's queues are standard queues: make handlers independent of order, or idempotent by revision",
    );
  for (const field of Object.keys(queue)) {
    if (!['delay', 'retention', 'timeout', 'dead_letter', 'fifo'].includes(field))
      notes.add(`${at}.${field}`, queue[field], 'it is no field of a queue that is known here');
  }
  return {
    jobs: [job],
    ...(lease === undefined ? {} : { lease }),
    ...(retention === undefined ? {} : { retention }),
    ...(maxReceives === undefined ? {} : { maxReceives }),
  };
}

function leaseOf(queue: YamlMap, notes: Notes): string | undefined {
  const field = 'subscribe.queue.timeout';
  const lease = durationText(queue['timeout'], field, notes);
  if (lease === undefined || parseDurationMs(lease) > 0) return lease;
  notes.add(
    field,
    lease,
    'a lease of nothing is none; the default of 30s holds, and is extended while a job runs',
  );
  return undefined;
}

/** Copilot counts receives, Longshore attempts: a deploy or a lost worker is none. */
function maxReceivesOf(deadLetter: unknown, notes: Notes): number | undefined {
  const tries = isMap(deadLetter) ? deadLetter['tries'] : undefined;
  if (tries === undefined) {
    if (deadLetter !== undefined) notes.add('subscribe.queue.dead_letter', deadLetter, 'it has no tries');
    return undefined;
  }
  const field = 'subscribe.queue.dead_letter.tries';
  if (typeof tries !== 'number' || !Number.isInteger(tries) || tries < 1) {
    notes.add(field, tries, 'it is no whole number from 1');
    return undefined;
  }
  notes.add(
    field,
    tries,
    `the job says how often it is tried: defineJob({ retry: { maxAttempts: ${tries} } })`,
  );
  return tries * 2 > BACKSTOP ? Math.min(tries * 2, 1_000) : undefined;
}

function noteTopics(topics: unknown, notes: Notes): void {
  if (topics === undefined || topics === null) return;
  if (!Array.isArray(topics)) return notes.add('subscribe.topics', topics, 'they are no list');
  for (const topic of topics as readonly unknown[]) {
    const { name, service, queue, filter_policy: policy } = isMap(topic) ? topic : {};
    const field = `subscribe.topics.${textOf(service)}.${textOf(name)}`;
    notes.add(
      field,
      undefined,
      'subscriptions to SNS are no part of a fleet: enqueue the job where the topic is published, or keep the subscription and read its messages with a decoder',
    );
    if (queue !== undefined && queue !== false)
      notes.add(`${field}.queue`, queue, 'a service works on one queue: give the topic a service of its own');
    if (policy !== undefined) notes.add(`${field}.filter_policy`, policy, 'it belongs to the subscription');
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '?';
}
