/** The port that every kind of destination implements: one try to hand over one event, told as data, never as a throw. */
import type { Endpoint } from './store/delivery-store.ts';

/** One event on its way to one endpoint. */
export interface OutgoingDelivery {
  readonly endpoint: Endpoint;
  /** Of the event: the same for every try and every replay. */
  readonly id: string;
  readonly type: string;
  /** When this try begins, milliseconds since the epoch. */
  readonly atMs: number;
  /** `{ type, timestamp, data }` as JSON, the same bytes at every try. */
  readonly body: string;
}

/** How a try ended. */
export type SendResult =
  | { readonly kind: 'delivered'; readonly status?: number }
  /** The receiver says that this endpoint is no more. */
  | { readonly kind: 'gone'; readonly status: number }
  | {
      /** `throttled`: the receiver has too much to do. */
      readonly kind: 'failed' | 'throttled';
      readonly status?: number;
      readonly error: string;
      /** What the receiver asked for. */
      readonly retryAfterMs?: number;
    };

/** Hands events over to one kind of endpoint. */
export interface Destination {
  readonly kind: string;
  /** Looks at a target before it is registered. @throws LongshoreError `invalid_options`, `address_forbidden` */
  check(target: string): Promise<void>;
  /** Tries once. Resolves with the result; rejects only when the signal aborts. */
  send(delivery: OutgoingDelivery, options: { readonly signal: AbortSignal }): Promise<SendResult>;
  close(): Promise<void>;
}
