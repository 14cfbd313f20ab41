/**
 * Messages that were received and wait for a slot. Messages of one FIFO group leave one at a time, in order; all others
 * leave as they came.
 */
import type { Message } from '@longshore/queue';

/** Received messages in order. */
export interface Inbox {
  readonly size: number;
  push(messages: readonly Message[]): void;
  /** The next message that may start now; its group is then taken until `finished`. */
  next(): Message | undefined;
  finished(message: Message): void;
  /** Takes out everything that waits behind a message of the same group, in order. */
  takeGroupOf(message: Message): Message[];
  takeAll(): Message[];
  /** Takes out one message, for instance because its lease is lost. */
  remove(handle: string): Message | undefined;
}

/** An empty inbox; `fifo` turns group order on. */
export function inbox(fifo: boolean): Inbox {
  let waiting: Message[] = [];
  const running = new Set<string>();
  const take = (wanted: (message: Message) => boolean): Message[] => {
    const taken = waiting.filter(wanted);
    if (taken.length > 0) waiting = waiting.filter((message) => !wanted(message));
    return taken;
  };
  return {
    get size() {
      return waiting.length;
    },
    push(messages) {
      waiting.push(...messages);
    },
    next() {
      if (!fifo) return waiting.shift();
      const index = waiting.findIndex(
        (message) => message.group === undefined || !running.has(message.group),
      );
      const [message] = index < 0 ? [] : waiting.splice(index, 1);
      if (message?.group !== undefined) running.add(message.group);
      return message;
    },
    finished(message) {
      if (fifo && message.group !== undefined) running.delete(message.group);
    },
    takeGroupOf: ({ group }) =>
      fifo && group !== undefined ? take((message) => message.group === group) : [],
    takeAll: () => take(() => true),
    remove: (handle) => take((message) => message.lease.handle === handle)[0],
  };
}
