/** Jobs that plain BullMQ producers add, as jobs of a fleet: for the time in which not all producers have moved. */
import { deterministicId, type Envelope } from '@longshore/job';
import type { ForeignDecoder } from '../admission.ts';

/** What a BullMQ job becomes; a job definition is one. */
export interface BullmqJobTarget {
  readonly name: string;
  readonly version: number;
}

/** The attribute in which the BullMQ driver keeps the name of a job that another producer added. */
const NAME = 'bullmq.name';

/**
 * Reads jobs that were added by `Queue.add` of BullMQ, on a worker whose queue is `bullmqQueue`. Their data is the payload,
 * parsed by the definition's schema; their options (attempts, backoff, priority) are not read.
 *
 * @param jobs definitions by the names that producers give, such as `sendMail`
 */
export function bullmqJobs(jobs: Readonly<Record<string, BullmqJobTarget>>): ForeignDecoder {
  const targets = new Map(Object.entries(jobs));
  return (json, { attributes, messageId, sentAtMs }): Envelope | undefined => {
    const target = targets.get(attributes[NAME] ?? '');
    if (target === undefined) return undefined;
    // BullMQ counts from 1 in each queue, and again after a queue was obliterated.
    const id = deterministicId('bullmq', target.name, messageId, String(sentAtMs));
    return {
      id,
      name: target.name,
      version: target.version,
      payload: json,
      idempotencyKey: id,
      enqueuedAtMs: sentAtMs,
      attempts: [],
    };
  };
}
