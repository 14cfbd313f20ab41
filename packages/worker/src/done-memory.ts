/**
 * Messages that were processed but may still come again: their deletion is pending or failed, or it was accepted and
 * did nothing, as SQS does for a message that was delivered a second time meanwhile. A redelivery of one is
 * acknowledged without a second run. Bounded; the oldest is forgotten first.
 */

/** Remembers processed messages by message id. */
export interface DoneMemory {
  add(messageId: string): void;
  has(messageId: string): boolean;
}

/** A redelivery comes within minutes of its first delivery; this is ten of them at a thousand jobs a minute, in about a megabyte. */
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
  };
}
