/**
 * The server side of SQS, as a state machine: visibility, receive counts, a redrive policy, handles. It is as lenient
 * and as strict as SQS: deleting by an old handle is accepted and does nothing, changing the visibility by one is
 * refused, and a message whose lease has run out can still be deleted until someone else receives it.
 */
import type { OutgoingMessage } from '@longshore/queue';

/** A message as the server keeps it. */
export interface StoredMessage {
  readonly messageId: string;
  readonly jobId: string;
  readonly message: OutgoingMessage;
  readonly sentAtMs: number;
  state: 'visible' | 'leased' | 'released';
  visibleAtMs: number;
  receiveCount: number;
  handle: string;
  /** The process that the last delivery went to. */
  holder: string;
}

/** One delivery, as it goes over the wire. */
export interface Delivery {
  readonly stored: StoredMessage;
  readonly handle: string;
  readonly receiveCount: number;
}

/** Told about what only the server sees. */
export interface SqsEvents {
  readonly onSent: (stored: StoredMessage) => void;
  /** `cause`: why the message could be had again. */
  readonly onDelivered: (
    stored: StoredMessage,
    cause: 'first' | 'released' | 'expired' | 'duplicate',
  ) => void;
  /** It was delivered, and can be had by another at the same time. */
  readonly onShared: (stored: StoredMessage) => void;
  /** An extension that was under way came after the release. */
  readonly onHiddenAgain: (stored: StoredMessage) => void;
  readonly onDeleted: (stored: StoredMessage, by: string) => void;
  readonly onDeadLetter: (letter: OutgoingMessage, jobId: string) => void;
}

/** A queue with its dead-letter queue. */
export interface SimulatedSqs {
  readonly size: number;
  readonly messages: Iterable<StoredMessage>;
  send(message: OutgoingMessage): string;
  /** Takes what is visible; `isDuplicate` decides which messages stay visible for another. */
  take(max: number, leaseMs: number, holder: string, isDuplicate: () => boolean): Delivery[];
  /** When the next message becomes visible. */
  nextVisibleMs(): number;
  /** Whether this handle still holds its message. */
  isHeld(messageId: string, handle: string): boolean;
  remove(messageId: string, handle: string, by: string): void;
  /** `false`: refused. */
  changeVisibility(messageId: string, handle: string, forMs: number, kind: 'extend' | 'release'): boolean;
  bury(letter: OutgoingMessage): void;
  find(messageId: string): StoredMessage | undefined;
}

/** Receives after which SQS itself moves a message to the dead letters. */
const MAX_RECEIVES = 20;

/** An empty queue. */
export function simulatedSqs(nowMs: () => number, events: SqsEvents): SimulatedSqs {
  const messages = new Map<string, StoredMessage>();
  let sent = 0;
  const held = (messageId: string, handle: string): StoredMessage | undefined => {
    const stored = messages.get(messageId);
    const isHeld = stored?.handle === handle && stored.state !== 'visible' && stored.visibleAtMs > nowMs();
    return isHeld ? stored : undefined;
  };
  return {
    get size() {
      return messages.size;
    },
    get messages() {
      return messages.values();
    },
    send(message) {
      sent += 1;
      const stored: StoredMessage = {
        messageId: `message-${sent}`,
        jobId: jobIdOf(message.body),
        message,
        sentAtMs: nowMs(),
        state: 'visible',
        visibleAtMs: nowMs() + (message.delayMs ?? 0),
        receiveCount: 0,
        handle: '',
        holder: '',
      };
      messages.set(stored.messageId, stored);
      events.onSent(stored);
      return stored.messageId;
    },
    take(max, leaseMs, holder, isDuplicate) {
      const taken: Delivery[] = [];
      for (const stored of messages.values()) {
        if (taken.length >= max) break;
        if (stored.visibleAtMs > nowMs()) continue;
        if (stored.receiveCount >= MAX_RECEIVES) {
          messages.delete(stored.messageId);
          events.onDeadLetter(stored.message, stored.jobId);
          continue;
        }
        const cause = causeOf(stored);
        stored.receiveCount += 1;
        stored.handle = `${stored.messageId}#${stored.receiveCount}`;
        stored.holder = holder;
        stored.state = isDuplicate() ? 'visible' : 'leased';
        if (stored.state === 'leased') stored.visibleAtMs = nowMs() + leaseMs;
        events.onDelivered(stored, cause);
        if (stored.state === 'visible') events.onShared(stored);
        taken.push({ stored, handle: stored.handle, receiveCount: stored.receiveCount });
      }
      return taken;
    },
    nextVisibleMs() {
      let next = Number.POSITIVE_INFINITY;
      for (const { visibleAtMs } of messages.values()) next = Math.min(next, visibleAtMs);
      return next;
    },
    isHeld: (messageId, handle) => held(messageId, handle) !== undefined,
    remove(messageId, handle, by) {
      const stored = messages.get(messageId);
      if (stored?.handle !== handle) return;
      messages.delete(messageId);
      events.onDeleted(stored, by);
    },
    changeVisibility(messageId, handle, forMs, kind) {
      const stored = held(messageId, handle);
      if (stored === undefined) return false;
      if (kind === 'extend' && stored.state === 'released') events.onHiddenAgain(stored);
      stored.visibleAtMs = nowMs() + forMs;
      stored.state = kind === 'extend' ? 'leased' : 'released';
      return true;
    },
    bury: (letter) => events.onDeadLetter(letter, jobIdOf(letter.body)),
    find: (messageId) => messages.get(messageId),
  };
}

function causeOf(stored: StoredMessage): 'first' | 'released' | 'expired' | 'duplicate' {
  if (stored.receiveCount === 0) return 'first';
  if (stored.state === 'leased') return 'expired';
  return stored.state === 'released' ? 'released' : 'duplicate';
}

/** Which of the simulator's jobs a body is about, whatever id it was sent under. */
function jobIdOf(body: string): string {
  const { id, payload } = JSON.parse(body) as {
    readonly id: string;
    readonly payload?: { readonly job: string };
  };
  return payload?.job ?? id;
}
