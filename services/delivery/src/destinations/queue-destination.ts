/** The destination `sqs`: an event becomes one message of a queue that the operator has listed. */
import { LongshoreError } from '@longshore/job';
import type { Queue } from '@longshore/queue';
import type { Destination } from '../destination.ts';

/** Options of {@link queueDestination}. */
export interface QueueDestinationOptions {
  /** Queues by the names that endpoints use as their target. */
  readonly queues: ReadonlyMap<string, Queue>;
}

/** Makes the destination `sqs`; targets are names of queues. The message's body is the event, its id and type are attributes. */
export function queueDestination({ queues }: QueueDestinationOptions): Destination {
  return {
    kind: 'sqs',
    async check(target) {
      assertListed(target, [...queues.keys()]);
    },
    async send({ endpoint, id, type, body }) {
      const queue = queues.get(endpoint.target);
      if (queue === undefined)
        return { kind: 'failed', error: unlisted(endpoint.target, [...queues.keys()]).message };
      const attributes = { 'webhook-id': id, 'event-type': type };
      const [result] = await queue.send([{ body, attributes }]);
      if (result?.ok === true) return { kind: 'delivered' };
      return { kind: 'failed', error: result?.message ?? `Queue "${queue.name}" gave no answer` };
    },
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}

/** Looks at a target of the kind `sqs`. @throws LongshoreError `invalid_options` */
export function assertListed(target: string, queues: readonly string[]): void {
  if (!queues.includes(target)) throw unlisted(target, queues);
}

function unlisted(target: string, queues: readonly string[]): LongshoreError {
  const known = queues.join(', ');
  return new LongshoreError(
    'invalid_options',
    `Cannot send to queue "${target}": it is not listed; the queues are: ${known === '' ? 'none' : known}`,
  );
}
