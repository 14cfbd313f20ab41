/**
 * Deliveries: which messages a receive takes, how one is undone, and what a receipt handle may still do. A message that
 * was received as often as the redrive policy allows moves to the dead-letter queue instead.
 */
import { randomUUID } from 'node:crypto';
import { invalidValue, SqsFault } from '../protocol/fault.ts';
import type { QueueBook, StoredQueue } from '../queues/queue-book.ts';
import { queueNameOf } from '../queues/redrive-policy.ts';
import type { DeliveryState, MessageTable, StoredMessage, SystemFacts } from './message-table.ts';
import { readHandle, type Receipt } from './receipt-handle.ts';

/** A message that was given to a client. */
export interface Delivery {
  readonly queue: StoredQueue;
  /** As it was before. */
  readonly message: StoredMessage;
  /** As it is now. */
  readonly state: DeliveryState & { readonly received_ms: number; readonly delivery: string };
}

/** What a receive asks for. */
export interface TakeOptions {
  readonly max: number;
  readonly visibilityMs: number;
  /** A long poll that meets the limit of messages in flight gets nothing instead of an error. */
  readonly isLongPoll: boolean;
}

/** Deliveries of all queues. All methods run inside a turn. */
export interface Deliveries {
  /** @throws SqsFault `OverLimit`. */
  take(queue: StoredQueue, options: TakeOptions, nowMs: number): readonly Delivery[];
  /** Makes a delivery not to have happened, unless the message has moved on since. */
  undo(deliveries: readonly Delivery[]): void;
  /** Deletes what a handle stands for. @throws SqsFault when the handle is not one, or too old. */
  remove(queue: StoredQueue, handle: string, nowMs: number): void;
  /** @throws SqsFault when the message is not in flight, the handle is old, or 12 hours would be exceeded. */
  changeVisibility(queue: StoredQueue, handle: string, seconds: number, nowMs: number): void;
}

/** SQS: 12 hours from receipt, whatever is extended. */
const MAX_LEASE_MS = 43_200_000;
/** SQS: messages in flight a queue. */
const MAX_IN_FLIGHT = 120_000;

/** Opens the way out of the queues. */
export function createDeliveries(
  book: QueueBook,
  messages: MessageTable,
  { maxInFlight = MAX_IN_FLIGHT }: { readonly maxInFlight?: number } = {},
): Deliveries {
  return new QueueDeliveries(book, messages, maxInFlight);
}

class QueueDeliveries implements Deliveries {
  readonly #book: QueueBook;
  readonly #messages: MessageTable;
  readonly #maxInFlight: number;
  /** At most so many are in flight. Exact counts cost time, so they are made when this comes near the limit. */
  readonly #inFlightAtMost = new Map<number, number>();

  constructor(book: QueueBook, messages: MessageTable, maxInFlight: number) {
    this.#book = book;
    this.#messages = messages;
    this.#maxInFlight = maxInFlight;
  }

  take(
    queue: StoredQueue,
    { max, visibilityMs, isLongPoll }: TakeOptions,
    nowMs: number,
  ): readonly Delivery[] {
    this.#messages.expire(queue, nowMs);
    const room = this.#room(queue, max, nowMs);
    if (room === 0) {
      if (isLongPoll || queue.isFifo) return [];
      const message = `The queue has ${this.#maxInFlight} messages in flight; delete some first.`;
      throw new SqsFault('OverLimit', message, 403);
    }
    const receivable = receivableOf(this.#book, this.#messages, queue, Math.min(max, room), nowMs);
    const deliveries = receivable.map((message) => {
      const state = {
        visible_ms: nowMs + visibilityMs,
        receives: message.receives + 1,
        first_received_ms: message.first_received_ms ?? nowMs,
        received_ms: nowMs,
        delivery: randomUUID(),
      };
      this.#messages.setState(message, state);
      return { queue, message, state };
    });
    this.#inFlightAtMost.set(queue.id, (this.#inFlightAtMost.get(queue.id) ?? 0) + deliveries.length);
    return deliveries;
  }

  undo(deliveries: readonly Delivery[]): void {
    for (const { message, state } of deliveries) {
      const current = this.#messages.get(message.seq);
      if (current?.delivery === state.delivery) this.#messages.setState(current, message);
    }
  }

  remove(queue: StoredQueue, handle: string, nowMs: number): void {
    const receipt = readHandle(handle, queue.id);
    if (receipt.receivedMs + MAX_LEASE_MS <= nowMs) throw expired(handle);
    const message = this.#messages.get(receipt.seq);
    // Deleting twice, or what somebody else holds by now, is no error and does nothing.
    if (message === undefined) return;
    if (queue.isFifo && !isHeld(message, receipt, nowMs)) throw expired(handle);
    if (message.delivery === receipt.delivery) this.#messages.remove(message);
  }

  changeVisibility(queue: StoredQueue, handle: string, seconds: number, nowMs: number): void {
    const receipt = readHandle(handle, queue.id);
    const message = this.#messages.get(receipt.seq);
    if (message?.delivery !== receipt.delivery) {
      throw invalidValue(
        handle,
        'ReceiptHandle',
        'Message does not exist or is not available for visibility timeout change.',
      );
    }
    if (message.visible_ms <= nowMs) {
      if (queue.isFifo) throw expired(handle);
      throw new SqsFault('MessageNotInflight', `The specified message isn't in flight: "${message.id}".`);
    }
    if (nowMs + seconds * 1_000 > receipt.receivedMs + MAX_LEASE_MS) {
      throw invalidValue(
        seconds,
        'VisibilityTimeout',
        'Total VisibilityTimeout for the message is beyond the limit [43200 seconds]',
      );
    }
    this.#messages.setState(message, { ...message, visible_ms: nowMs + seconds * 1_000 });
  }

  /** How many more messages may be in flight; at least `max` is as good as any. */
  #room(queue: StoredQueue, max: number, nowMs: number): number {
    const known = this.#inFlightAtMost.get(queue.id) ?? Number.POSITIVE_INFINITY;
    if (known + max <= this.#maxInFlight) return max;
    const { inFlight } = this.#messages.counts(queue, nowMs);
    this.#inFlightAtMost.set(queue.id, inFlight);
    return Math.max(0, this.#maxInFlight - inFlight);
  }
}

/** The next messages that a receive may have; those that had all their receives are moved away on the way. */
function receivableOf(
  book: QueueBook,
  messages: MessageTable,
  queue: StoredQueue,
  max: number,
  nowMs: number,
): readonly StoredMessage[] {
  const { redrive } = queue.settings;
  // A dead-letter queue that was deleted takes nothing: its messages stay where they are.
  const deadLetters = redrive === undefined ? undefined : book.find(queueNameOf(redrive.deadLetterArn));
  for (;;) {
    const candidates = messages.receivable(queue, nowMs, max);
    if (redrive === undefined || deadLetters === undefined) return candidates;
    const exhausted = candidates.filter((message) => message.receives >= redrive.maxReceives);
    if (exhausted.length === 0) return candidates;
    for (const message of exhausted) bury(messages, message, queue, deadLetters, nowMs);
  }
}

function bury(
  messages: MessageTable,
  message: StoredMessage,
  source: StoredQueue,
  deadLetters: StoredQueue,
  nowMs: number,
): void {
  const system = JSON.parse(message.system) as SystemFacts;
  messages.remove(message);
  messages.insert({
    ...message,
    queue: deadLetters.id,
    system: JSON.stringify({ ...system, deadLetterSource: source.arn }),
    // A standard dead letter keeps its age, a FIFO one starts anew.
    kept_since_ms: deadLetters.isFifo ? nowMs : message.kept_since_ms,
    visible_ms: nowMs,
  });
}

function isHeld(message: StoredMessage, receipt: Receipt, nowMs: number): boolean {
  return message.delivery === receipt.delivery && message.visible_ms > nowMs;
}

function expired(handle: string): SqsFault {
  return invalidValue(handle, 'ReceiptHandle', 'The receipt handle has expired.');
}
