/** Finding parts of a fleet by name, and the names of its queues outside of it. */
import { LongshoreError, type ErrorCode } from '@longshore/job';
import type { Fleet, FleetQueue, FleetService } from './fleet.ts';
import { FACTS_QUEUE } from './limits.ts';
import { didYouMean } from './nearest.ts';

/**
 * The queue on which a job travels.
 *
 * @throws LongshoreError `unknown_job` with the names that exist.
 */
export function queueForJob(fleet: Fleet, jobName: string): FleetQueue {
  const queue = fleet.queues.find((candidate) => candidate.jobs.includes(jobName));
  if (queue !== undefined) return queue;
  const jobs = fleet.queues.flatMap((candidate) => candidate.jobs);
  throw unknown('unknown_job', fleet, 'job', jobName, jobs);
}

/**
 * A queue by its name in the fleet.
 *
 * @throws LongshoreError `invalid_options` with the names that exist.
 */
export function queueNamed(fleet: Fleet, name: string): FleetQueue {
  const queue = fleet.queues.find((candidate) => candidate.name === name);
  if (queue !== undefined) return queue;
  throw unknown(
    'invalid_options',
    fleet,
    'queue',
    name,
    fleet.queues.map((candidate) => candidate.name),
  );
}

/**
 * A service by its name in the fleet.
 *
 * @throws LongshoreError `invalid_options` with the names that exist.
 */
export function serviceNamed(fleet: Fleet, name: string): FleetService {
  const service = fleet.services.find((candidate) => candidate.name === name);
  if (service !== undefined) return service;
  throw unknown(
    'invalid_options',
    fleet,
    'service',
    name,
    fleet.services.map((candidate) => candidate.name),
  );
}

/** What a queue of the fleet is called in SQS or Redis: `<fleet>-<queue>`, at most 73 characters. */
export function physicalQueueName(fleet: Pick<Fleet, 'name'>, queueName: string): string {
  return `${fleet.name}-${queueName}`;
}

/** What its dead-letter queue is called: `<fleet>-<queue>-dlq`, within the 80 characters of SQS. */
export function deadLetterQueueName(fleet: Pick<Fleet, 'name'>, queueName: string): string {
  return `${physicalQueueName(fleet, queueName)}-dlq`;
}

/** What the queue is called on which the fleet's workers report: `<fleet>-facts`. No queue of a fleet is named `facts`. */
export function factsQueueName(fleet: Pick<Fleet, 'name'>): string {
  return physicalQueueName(fleet, FACTS_QUEUE);
}

function unknown(
  code: ErrorCode,
  fleet: Fleet,
  what: string,
  name: string,
  names: readonly string[],
): LongshoreError {
  const known = names.map((candidate) => `"${candidate}"`).join(', ');
  const guess = didYouMean(name, names);
  return new LongshoreError(
    code,
    `Fleet "${fleet.name}" has no ${what} "${name}"${guess || ','} it has ${known}`,
    {
      details: { [what]: name, known: names },
    },
  );
}
