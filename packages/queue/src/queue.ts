/**
 * The queue port: messages, and leases on them. Batch by nature: one message is a batch of one.
 *
 * Drivers split calls to their own batch limits. Calls that concern single entries answer per entry, in order, and do
 * not throw for an entry's failure; `receive` and `counts` throw `LongshoreError` `queue_unavailable` (retryable) or
 * `queue_missing`. Delivery is at least once.
 */

/** What a driver can do, as data. A conformance skip names the capability that is missing. */
export interface QueueCapabilities {
  /** Largest message body in bytes of UTF-8, attributes included. */
  readonly maxMessageBytes: number;
  /** Most messages per `receive` (and entries per call of the transport underneath). */
  readonly maxBatch: number;
  /** Longest `delayMs` of a send. */
  readonly maxDelayMs: number;
  /** Longest time from receipt to the end of the last extension; 12 hours on SQS. */
  readonly maxLeaseMs: number;
  /** Messages of one group are delivered in order, one lease batch at a time. */
  readonly fifo: boolean;
}

/** How another thread opens its own connection to the same queue. Structured-cloneable. */
export interface QueueConnection {
  /** URL of an ES module that exports a function `exportName(options) => Queue`. */
  readonly moduleUrl: string;
  readonly exportName: string;
  readonly options: unknown;
}

/** A message to send. */
export interface OutgoingMessage {
  readonly body: string;
  /** Hidden for this long. Default 0. FIFO queues take none. */
  readonly delayMs?: number;
  /** FIFO: ordering group. Standard queues: tenant of fair queueing, where the driver supports it. */
  readonly group?: string;
  /** FIFO only: sends with the same id within five minutes are one message. */
  readonly deduplicationId?: string;
  /** Text attributes beside the body, at most 10. */
  readonly attributes?: Readonly<Record<string, string>>;
}

/** Exclusive hold on one delivery until a deadline. Plain data, so that it can cross threads. */
export interface Lease {
  readonly messageId: string;
  /** Opaque; new with each delivery. */
  readonly handle: string;
  /** When the delivery was received, milliseconds on this process's monotonic-safe clock (`Clock.nowMs`). */
  readonly receivedAtMs: number;
}

/** One delivery. */
export interface Message {
  readonly messageId: string;
  readonly body: string;
  readonly lease: Lease;
  /** Until when the lease holds: from before a short poll, from the answer of a long one, which was leased just then. */
  readonly leaseUntilMs: number;
  /** How often the queue has delivered this message, this time included. */
  readonly receiveCount: number;
  /** When the message was sent, milliseconds since the epoch on the queue's clock. */
  readonly sentAtMs: number;
  readonly group?: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Result for one entry of a batch call. */
export type EntryResult =
  | { readonly ok: true; readonly messageId: string }
  | {
      readonly ok: false;
      /** `lease_lost`: the handle is stale. `rejected`: this entry can never succeed. `unavailable`: try again. */
      readonly code: 'lease_lost' | 'rejected' | 'unavailable';
      readonly message: string;
    };

/** Approximate sizes of a queue. SQS needs up to a minute after the last send to settle. */
export interface QueueCounts {
  /** Visible messages. */
  readonly backlog: number;
  readonly inFlight: number;
  readonly delayed: number;
}

/** Options of `receive`. */
export interface ReceiveOptions {
  /** 1 to `capabilities.maxBatch`. */
  readonly max: number;
  /** How long to wait for a first message, 0 to 20,000 ms. */
  readonly waitMs: number;
  /** Length of the lease on what is received. */
  readonly leaseMs: number;
  /** Aborts the wait; `receive` then resolves with no messages. Messages already on their way return after their lease. */
  readonly signal?: AbortSignal;
}

/** A message to move to the dead-letter queue: sent there first, completed afterwards, so that it is never lost. */
export interface BuryEntry {
  readonly lease: Lease;
  readonly message: OutgoingMessage;
}

/** One queue with its dead-letter queue. */
export interface Queue extends AsyncDisposable {
  readonly name: string;
  readonly capabilities: QueueCapabilities;
  /** Absent when another thread cannot reach the queue (the memory driver). */
  readonly connection: QueueConnection | undefined;
  send(messages: readonly OutgoingMessage[]): Promise<readonly EntryResult[]>;
  receive(options: ReceiveOptions): Promise<readonly Message[]>;
  /** Acknowledges: the messages are gone. */
  complete(leases: readonly Lease[]): Promise<readonly EntryResult[]>;
  /** Leases hold for `leaseMs` from now. */
  extend(leases: readonly Lease[], leaseMs: number): Promise<readonly EntryResult[]>;
  /** Gives messages back; others can receive them after `delayMs`. */
  release(leases: readonly Lease[], delayMs: number): Promise<readonly EntryResult[]>;
  bury(entries: readonly BuryEntry[]): Promise<readonly EntryResult[]>;
  counts(): Promise<QueueCounts>;
  close(): Promise<void>;
}
