/**
 * Messages that were processed but may still come again: their deletion is pending or failed, or it was accepted and
 * did nothing, as SQS does for a message that was delivered a second time meanwhile. A redelivery of one is
 * acknowledged without a second run. Bounded; the older half is forgotten at once, since to forget one at a time costs
 * more than to remember.
 */

/** Remembers processed messages by message id. */
export interface DoneMemory {
  add(messageId: string): void;
  has(messageId: string): boolean;
}

/** A redelivery comes within minutes of its first delivery; this is five of them at a thousand jobs a minute, in about a megabyte. */
const CAPACITY = 10_000;

/** An empty memory that holds the latest half of `capacity` at least. */
export function doneMemory(capacity: number = CAPACITY): DoneMemory {
  let recent = new Set<string>();
  let older = new Set<string>();
  return {
    add(messageId) {
      recent.add(messageId);
      if (recent.size * 2 < capacity) return;
      older = recent;
      recent = new Set();
    },
    has: (messageId) => recent.has(messageId) || older.has(messageId),
  };
}
