/** What an event looks like to whoever receives it. */
import { LongshoreError } from '@longshore/job';
import type { DeliveryEvent } from './store/delivery-store.ts';

/** Types of events. `endpoint.test` is sent by `ping`, `endpoint.disabled` to a tenant's other endpoints. */
export const EVENT_TYPES = [
  'document.available',
  'document.rejected',
  'endpoint.test',
  'endpoint.disabled',
] as const;

/** One of {@link EVENT_TYPES}. */
export type EventType = (typeof EVENT_TYPES)[number];

/** What Standard Webhooks asks senders to stay below: 20 KB. */
const MAX_BODY_BYTES = 20_000;

/** The body of an event: the same bytes whenever it is made, so that a signature fits every try. */
export function eventBody(event: DeliveryEvent, sequence: number, url: string | undefined): string {
  const data = {
    ...event.data,
    ...(sequence === 0 ? {} : { sequence }),
    ...(url === undefined ? {} : { url }),
  };
  return JSON.stringify({ type: event.type, timestamp: new Date(event.atMs).toISOString(), data });
}

/** Room for what is put in when an event is sent: its sequence and the URL of its link. */
const ROOM_BYTES = 1_000;

/** Refuses an event that no receiver need accept. @throws LongshoreError `payload_too_large` */
export function assertSendable(event: DeliveryEvent): void {
  const bytes = Buffer.byteLength(eventBody(event, 0, undefined)) + ROOM_BYTES;
  if (bytes < MAX_BODY_BYTES) return;
  throw new LongshoreError(
    'payload_too_large',
    `Event "${event.id}" would have ${bytes} bytes, webhooks stay below ${MAX_BODY_BYTES}: say less, and link to the rest`,
    { details: { event: event.id, bytes } },
  );
}
