/**
 * Receives that wait. The first that came is served first, as soon as a message can be received: it was sent, its delay
 * or its lease is over, it was given back, its group is free. A poll whose client is gone takes nothing.
 */
import type { Clock, Timer } from '@longshore/job';
import { SqsFault } from '../protocol/fault.ts';
import type { QueueBook, StoredQueue } from '../queues/queue-book.ts';
import type { Turns } from '../store/turns.ts';
import type { Deliveries, Delivery, TakeOptions } from './deliveries.ts';
import type { MessageTable } from './message-table.ts';

/** The client of a request. */
export interface Caller {
  readonly isGone: () => boolean;
  /** Calls `listener` once when the client is gone. */
  readonly whenGone: (listener: () => void) => void;
}

/** A receive. */
export interface PollOptions {
  readonly max: number;
  /** Default: the queue's. */
  readonly visibilityMs: number | undefined;
  /** Default: the queue's. */
  readonly waitMs: number | undefined;
  readonly caller: Caller;
}

/** Receives of all queues. */
export interface Polls {
  receive(queueName: string, options: PollOptions): Promise<readonly Delivery[]>;
  /** In this queue a message may have become receivable. */
  touched(queue: number): void;
  /** Last work of a turn: serves polls that wait. */
  serve(): void;
  /** The queue was deleted: its polls end. */
  end(queue: StoredQueue): void;
  /** All polls end with nothing, and none waits any more. */
  close(): void;
}

interface Poll {
  readonly caller: Caller;
  readonly options: TakeOptions;
  /** Takes the poll out of the queue of polls. */
  readonly leave: () => void;
  readonly resolve: (deliveries: readonly Delivery[]) => void;
  readonly reject: (reason: unknown) => void;
}

/** What polls work with. */
export interface PollParts {
  readonly book: QueueBook;
  readonly messages: MessageTable;
  readonly deliveries: Deliveries;
  readonly turns: () => Turns;
  readonly clock: Clock;
}

/** Timers of the platform take 24 days; nothing waits longer than a lease. */
const MAX_TIMER_MS = 43_200_000;

/** Polls of an endpoint. */
export function createPolls(parts: PollParts): Polls {
  return new EndpointPolls(parts);
}

class EndpointPolls implements Polls {
  readonly #parts: PollParts;
  readonly #waiting = new Map<number, Set<Poll>>();
  readonly #alarms = new Map<number, Timer>();
  readonly #touched = new Set<number>();
  #isClosed = false;

  constructor(parts: PollParts) {
    this.#parts = parts;
  }

  async receive(
    queueName: string,
    { max, visibilityMs, waitMs, caller }: PollOptions,
  ): Promise<readonly Delivery[]> {
    const { book, deliveries, turns } = this.#parts;
    const outcome = await turns().run(() => {
      const queue = book.get(queueName);
      const { settings } = queue;
      const longestMs = this.#isClosed ? 0 : (waitMs ?? settings.waitMs);
      const options = { max, visibilityMs: visibilityMs ?? settings.visibilityMs, isLongPoll: longestMs > 0 };
      // Those who came before go first.
      if (this.#touched.delete(queue.id)) this.#serveQueue(queue.id);
      const taken = deliveries.take(queue, options, this.#nowMs());
      if (taken.length > 0 || longestMs === 0 || caller.isGone()) return { taken };
      return { promise: this.#wait(queue, longestMs, options, caller) };
    });
    return outcome.taken ?? (await outcome.promise);
  }

  touched(queue: number): void {
    this.#touched.add(queue);
  }

  serve(): void {
    // Serving moves dead letters, which touches their queue.
    for (const id of this.#touched) {
      this.#touched.delete(id);
      this.#serveQueue(id);
    }
  }

  end({ id }: StoredQueue): void {
    endPolls(this.#waiting.get(id), (poll) =>
      poll.reject(new SqsFault('QueueDoesNotExist', 'The specified queue does not exist.')),
    );
    this.#waiting.delete(id);
  }

  close(): void {
    this.#isClosed = true;
    for (const polls of this.#waiting.values()) endPolls(polls, (poll) => poll.resolve([]));
  }

  /** Serves the polls of one queue, in the order in which they came. */
  #serveQueue(id: number): void {
    const { book, deliveries, turns } = this.#parts;
    const polls = this.#waiting.get(id) ?? new Set();
    const queue = book.byId(id);
    if (polls.size === 0 || queue === undefined) return;
    // One moment for both: what becomes receivable between a look and the setting of the alarm would wake nobody.
    const nowMs = this.#nowMs();
    for (const poll of polls) {
      if (poll.caller.isGone()) {
        poll.leave();
        poll.resolve([]);
        continue;
      }
      const taken = deliveries.take(queue, poll.options, nowMs);
      if (taken.length === 0) break;
      poll.leave();
      turns().settled((failure) => (failure === undefined ? poll.resolve(taken) : poll.reject(failure)));
    }
    if (polls.size > 0) this.#setAlarm(queue, nowMs);
  }

  /** Wakes the queue when the next message becomes receivable by time alone. */
  #setAlarm(queue: StoredQueue, nowMs: number): void {
    const { messages, turns, clock } = this.#parts;
    this.#cancelAlarm(queue.id);
    const nextMs = messages.nextMs(queue, nowMs);
    if (nextMs === undefined) return;
    const wake = (): void => {
      this.#alarms.delete(queue.id);
      turns()
        .run(() => this.touched(queue.id))
        .catch((error: unknown) => endPolls(this.#waiting.get(queue.id), (poll) => poll.reject(error)));
    };
    const delayMs = Math.min(Math.max(1, nextMs - clock.nowMs()), MAX_TIMER_MS);
    this.#alarms.set(queue.id, clock.after(delayMs, wake));
  }

  #cancelAlarm(id: number): void {
    this.#alarms.get(id)?.cancel();
    this.#alarms.delete(id);
  }

  #wait(
    queue: StoredQueue,
    waitMs: number,
    options: TakeOptions,
    caller: Caller,
  ): Promise<readonly Delivery[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly Delivery[]>();
    const polls = this.#waiting.get(queue.id) ?? new Set();
    this.#waiting.set(queue.id, polls);
    const leave = (): void => {
      timer.cancel();
      polls.delete(poll);
      if (polls.size === 0) this.#cancelAlarm(queue.id);
    };
    const poll: Poll = { caller, options, leave, resolve, reject };
    const end = (): void => {
      if (!polls.has(poll)) return;
      leave();
      resolve([]);
    };
    const timer = this.#parts.clock.after(waitMs, end);
    polls.add(poll);
    caller.whenGone(end);
    // Serves it once more at the end of the turn, and sets the alarm.
    this.touched(queue.id);
    return promise;
  }

  #nowMs(): number {
    return Math.floor(this.#parts.clock.nowMs());
  }
}

function endPolls(polls: ReadonlySet<Poll> | undefined, end: (poll: Poll) => void): void {
  for (const poll of polls ?? []) {
    poll.leave();
    end(poll);
  }
}
