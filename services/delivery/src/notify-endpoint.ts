/**
 * The job `notify-endpoint`: one event, one endpoint. It only begins what the schedule holds already, so that a message
 * that is lost, doubled or late changes when an event is sent, never whether.
 */
import { LongshoreError, defineJob, isLongshoreError, type JobDefinition } from '@longshore/job';
import { handle, type HandlerBinding } from '@longshore/worker';
import { z } from 'zod';
import type { Sender } from './sender.ts';

/** Payload of `notify-endpoint`. */
export interface NotifyEndpoint {
  readonly eventId: string;
  readonly endpointId: string;
}

const payload: z.ZodType<NotifyEndpoint, NotifyEndpoint> = z.object({
  eventId: z.string().min(1),
  endpointId: z.string().min(1),
});

/** The job. */
export const notifyEndpoint: JobDefinition<NotifyEndpoint, NotifyEndpoint> = defineJob({
  name: 'notify-endpoint',
  schema: payload,
  timeoutMs: 120_000,
  idempotencyKey: ({ eventId, endpointId }) => `${eventId}:${endpointId}`,
});

/** The handler. */
export function notifyEndpointHandler({ sender }: { readonly sender: Sender }): HandlerBinding {
  return handle(notifyEndpoint, async ({ payload: errand, signal }) => {
    try {
      await sender.send(errand, { signal });
    } catch (error) {
      throw asDependency(error);
    }
  });
}

/** A store that is down is no fault of the job: it is given back, and no attempt is counted. */
export function asDependency(error: unknown): unknown {
  return isLongshoreError(error, 'delivery_unavailable') && error.retryable
    ? new LongshoreError('dependency_down', error.message, { cause: error, retryable: true })
    : error;
}
