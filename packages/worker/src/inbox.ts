/**
 * Messages that were received and wait for a slot. Messages of one FIFO group leave one at a time, in order; all others
 * leave as they came.
 */
import type { Message } from '@longshore/queue';

/** What waits here, whatever else belongs to it. */
interface Waiting {
  readonly message: Pick<Message, 'group'>;
}

/** Received messages in order. */
export interface Inbox<Entry extends Waiting> {
  readonly size: number;
  push(entries: readonly Entry[]): void;
  /** The next one that may start now; its group is then taken until `finished`. */
  next(): Entry | undefined;
  finished(entry: Entry): void;
  /** Takes out everything that waits behind a message of the same group, in order. */
  takeGroupOf(entry: Entry): Entry[];
  /** Takes out all that this is true for, in order. */
  take(wanted: (entry: Entry) => boolean): Entry[];
}

/** An empty inbox; `fifo` turns group order on. */
export function inbox<Entry extends Waiting>(fifo: boolean): Inbox<Entry> {
  let waiting: Entry[] = [];
  const running = new Set<string>();
  const take = (wanted: (entry: Entry) => boolean): Entry[] => {
    const taken = waiting.filter(wanted);
    if (taken.length > 0) waiting = waiting.filter((entry) => !wanted(entry));
    return taken;
  };
  return {
    get size() {
      return waiting.length;
    },
    push(entries) {
      waiting.push(...entries);
    },
    next() {
      if (!fifo) return waiting.shift();
      const index = waiting.findIndex(({ message: { group } }) => group === undefined || !running.has(group));
      const [entry] = index < 0 ? [] : waiting.splice(index, 1);
      if (entry?.message.group !== undefined) running.add(entry.message.group);
      return entry;
    },
    finished({ message: { group } }) {
      if (fifo && group !== undefined) running.delete(group);
    },
    takeGroupOf: ({ message: { group } }) =>
      fifo && group !== undefined ? take(({ message }) => message.group === group) : [],
    take,
  };
}
