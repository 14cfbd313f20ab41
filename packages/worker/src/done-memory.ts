/**
 * Messages that were processed but may still be in the queue, because their deletion is pending or failed. A redelivery
 * of one is acknowledged without a second run. Bounded; the oldest is forgotten first.
 */

/** Remembers processed messages by message id. */
export interface DoneMemory {
  add(messageId: string): void;
  has(messageId: string): boolean;
  /** The deletion is confirmed: no redelivery can come. */
  confirm(messageId: string): void;
}

/** Some hours of failed deletions of a busy worker, in about a megabyte. */
const CAPACITY = 10_000;

/** An empty memory. */
export function doneMemory(capacity: number = CAPACITY): DoneMemory {
  const ids = new Set<string>();
  return {
    add(messageId) {
      ids.add(messageId);
      if (ids.size <= capacity) return;
      for (const oldest of ids) {
        ids.delete(oldest);
        break;
      }
    },
    has: (messageId) => ids.has(messageId),
    confirm: (messageId) => void ids.delete(messageId),
  };
}
