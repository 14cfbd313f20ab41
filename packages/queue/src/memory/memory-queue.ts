/**
 * A queue in this process with SQS's semantics: visibility, receive counts, delays, dead-lettering by receive limit, FIFO
 * groups with five minutes of deduplication, long polls. For tests, examples and the simulator; time is a parameter.
 *
 * Stricter than SQS where SQS is lenient: a handle whose lease has run out is stale.
 */
import { randomUUID } from 'node:crypto';
import { LongshoreError, systemClock, type Clock, type Timer } from '@longshore/job';
import type {
  BuryEntry,
  EntryResult,
  Lease,
  Message,
  OutgoingMessage,
  Queue,
  QueueCapabilities,
  QueueCounts,
  ReceiveOptions,
} from '../queue.ts';

/** Options of {@link memoryQueue}. */
export interface MemoryQueueOptions {
  readonly name: string;
  /** Where buried messages go, and those over the receive limit. */
  readonly deadLetters?: Queue;
  /** Receives after which a message is moved to the dead letters instead of being delivered again. Default 20. */
  readonly maxReceives?: number;
  /** Default: whether the name ends in `.fifo`, as on SQS. */
  readonly fifo?: boolean;
  readonly clock?: Clock;
}

const MAX_BYTES = 1_048_576;
const MAX_LEASE_MS = 43_200_000;
const MAX_DELAY_MS = 900_000;
const DEDUPLICATION_MS = 300_000;

/** An empty queue. */
export function memoryQueue(options: MemoryQueueOptions): Queue {
  return new MemoryQueue(options);
}

interface Stored {
  readonly messageId: string;
  readonly message: OutgoingMessage;
  readonly sentAtMs: number;
  state: 'visible' | 'delayed' | 'leased';
  visibleAtMs: number;
  receiveCount: number;
  receivedAtMs: number;
  handle: string;
}

class MemoryQueue implements Queue {
  readonly name: string;
  readonly capabilities: QueueCapabilities;
  readonly connection = undefined;
  readonly #deadLetters: Queue | undefined;
  readonly #maxReceives: number;
  readonly #clock: Clock;
  readonly #messages = new Map<string, Stored>();
  readonly #recent = new Map<string, { readonly messageId: string; readonly untilMs: number }>();
  readonly #waiters = new Set<() => void>();
  #closed = false;

  constructor({
    name,
    deadLetters,
    maxReceives = 20,
    fifo = name.endsWith('.fifo'),
    clock = systemClock,
  }: MemoryQueueOptions) {
    this.name = name;
    this.#deadLetters = deadLetters;
    this.#maxReceives = maxReceives;
    this.#clock = clock;
    this.capabilities = {
      maxMessageBytes: MAX_BYTES,
      maxBatch: 10,
      maxDelayMs: fifo ? 0 : MAX_DELAY_MS,
      maxLeaseMs: MAX_LEASE_MS,
      fifo,
    };
  }

  send(messages: readonly OutgoingMessage[]): Promise<readonly EntryResult[]> {
    const results = messages.map((message) => this.#store(message));
    this.#wake();
    return Promise.resolve(results);
  }

  async receive({ max, waitMs, leaseMs, signal }: ReceiveOptions): Promise<readonly Message[]> {
    const endMs = this.#clock.nowMs() + waitMs;
    for (;;) {
      if (this.#closed)
        throw new LongshoreError('closed', `Cannot receive from queue "${this.name}": it is closed`);
      if (signal?.aborted === true) return [];
      // No await between looking and waiting, or what comes in between would wake nobody.
      const { taken, dead } = this.#take(Math.min(max, this.capabilities.maxBatch), leaseMs);
      if (dead.length > 0) await this.#deadLetters?.send(dead);
      const nowMs = this.#clock.nowMs();
      if (taken.length > 0 || nowMs >= endMs) return taken;
      await this.#change(Math.min(endMs, this.#nextVisibleMs()) - nowMs, signal);
    }
  }

  complete(leases: readonly Lease[]): Promise<readonly EntryResult[]> {
    return this.#withHeld(leases, (stored) => void this.#messages.delete(stored.messageId));
  }

  extend(leases: readonly Lease[], leaseMs: number): Promise<readonly EntryResult[]> {
    const nowMs = this.#clock.nowMs();
    return this.#withHeld(leases, (stored) => {
      if (nowMs + leaseMs > stored.receivedAtMs + MAX_LEASE_MS)
        return 'Total lease beyond 12 hours from receipt';
      stored.visibleAtMs = nowMs + leaseMs;
      return undefined;
    });
  }

  async release(leases: readonly Lease[], delayMs: number): Promise<readonly EntryResult[]> {
    const results = await this.#withHeld(leases, (stored) => {
      stored.visibleAtMs = this.#clock.nowMs() + delayMs;
      // As on SQS: a message given back with a delay stays in flight, under its handle, until the delay has passed.
      if (delayMs === 0) stored.state = 'visible';
    });
    this.#wake();
    return results;
  }

  async bury(entries: readonly BuryEntry[]): Promise<readonly EntryResult[]> {
    const target = this.#deadLetters;
    if (target === undefined) {
      throw new LongshoreError(
        'invalid_options',
        `Cannot bury on queue "${this.name}": pass deadLetters to memoryQueue`,
      );
    }
    const sent = await target.send(entries.map((entry) => entry.message));
    return Promise.all(
      entries.map(async ({ lease }, index): Promise<EntryResult> => {
        const result = sent[index];
        if (result?.ok !== true)
          return result ?? { ok: false, code: 'unavailable', message: 'No answer for this entry' };
        const [completed] = await this.complete([lease]);
        return completed ?? result;
      }),
    );
  }

  counts(): Promise<QueueCounts> {
    const nowMs = this.#clock.nowMs();
    const counts = { backlog: 0, inFlight: 0, delayed: 0 };
    for (const { state, visibleAtMs } of this.#messages.values()) {
      if (visibleAtMs <= nowMs || state === 'visible') counts.backlog += 1;
      else if (state === 'leased') counts.inFlight += 1;
      else counts.delayed += 1;
    }
    return Promise.resolve(counts);
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #store(message: OutgoingMessage): EntryResult {
    const nowMs = this.#clock.nowMs();
    const fault = this.#faultOf(message);
    if (fault !== undefined) return { ok: false, code: 'rejected', message: fault };
    const { deduplicationId, delayMs = 0 } = message;
    const earlier = deduplicationId === undefined ? undefined : this.#recent.get(deduplicationId);
    if (this.capabilities.fifo && earlier !== undefined && earlier.untilMs > nowMs)
      return { ok: true, messageId: earlier.messageId };
    const messageId = randomUUID();
    if (deduplicationId !== undefined)
      this.#recent.set(deduplicationId, { messageId, untilMs: nowMs + DEDUPLICATION_MS });
    this.#messages.set(messageId, {
      messageId,
      message,
      sentAtMs: nowMs,
      state: delayMs > 0 ? 'delayed' : 'visible',
      visibleAtMs: nowMs + delayMs,
      receiveCount: 0,
      receivedAtMs: 0,
      handle: '',
    });
    return { ok: true, messageId };
  }

  #faultOf({ body, attributes = {}, delayMs = 0, group }: OutgoingMessage): string | undefined {
    const bytes = Buffer.byteLength(body) + Buffer.byteLength(Object.entries(attributes).flat().join(''));
    if (this.#closed) return 'The queue is closed';
    if (bytes > MAX_BYTES) return `Message of ${bytes} bytes, at most ${MAX_BYTES} are taken`;
    if (body === '') return 'The body is empty';
    if (delayMs > this.capabilities.maxDelayMs)
      return `Delay of ${delayMs} ms, at most ${this.capabilities.maxDelayMs} ms are taken`;
    if (this.capabilities.fifo && group === undefined) return 'A FIFO queue wants a group';
    return Object.keys(attributes).length > 10 ? 'More than 10 attributes' : undefined;
  }

  #take(max: number, leaseMs: number): { taken: Message[]; dead: OutgoingMessage[] } {
    const nowMs = this.#clock.nowMs();
    const blocked = new Set<string>();
    const taken: Message[] = [];
    const dead: Stored[] = [];
    for (const stored of this.#messages.values()) {
      const group = this.capabilities.fifo ? stored.message.group : undefined;
      if (taken.length >= max) break;
      if (group !== undefined && blocked.has(group)) continue;
      if (stored.state !== 'visible' && stored.visibleAtMs > nowMs) {
        if (group !== undefined) blocked.add(group);
      } else if (stored.receiveCount >= this.#maxReceives && this.#deadLetters !== undefined)
        dead.push(stored);
      else taken.push(lease(stored, nowMs, leaseMs));
    }
    for (const { messageId } of dead) this.#messages.delete(messageId);
    return { taken, dead: dead.map((stored) => stored.message) };
  }

  #withHeld(
    leases: readonly Lease[],
    act: (stored: Stored) => string | undefined | void,
  ): Promise<readonly EntryResult[]> {
    const nowMs = this.#clock.nowMs();
    return Promise.resolve(
      leases.map(({ messageId, handle }): EntryResult => {
        const stored = this.#messages.get(messageId);
        if (
          stored === undefined ||
          stored.handle !== handle ||
          stored.state !== 'leased' ||
          stored.visibleAtMs <= nowMs
        ) {
          return { ok: false, code: 'lease_lost', message: 'The handle is stale' };
        }
        const fault = act(stored);
        return typeof fault === 'string'
          ? { ok: false, code: 'rejected', message: fault }
          : { ok: true, messageId };
      }),
    );
  }

  #nextVisibleMs(): number {
    const nowMs = this.#clock.nowMs();
    let next = Number.POSITIVE_INFINITY;
    for (const { visibleAtMs } of this.#messages.values())
      if (visibleAtMs > nowMs) next = Math.min(next, visibleAtMs);
    return next;
  }

  #change(withinMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        this.#waiters.delete(done);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer: Timer = this.#clock.after(Math.max(0, withinMs), done);
      this.#waiters.add(done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  #wake(): void {
    for (const waiter of this.#waiters) waiter();
  }
}

function lease(stored: Stored, nowMs: number, leaseMs: number): Message {
  stored.state = 'leased';
  stored.receiveCount += 1;
  stored.receivedAtMs = nowMs;
  stored.visibleAtMs = nowMs + leaseMs;
  stored.handle = `${stored.messageId}:${stored.receiveCount}`;
  const { messageId, message, handle, receiveCount, sentAtMs } = stored;
  const base = {
    messageId,
    body: message.body,
    lease: { messageId, handle, receivedAtMs: nowMs },
    leaseUntilMs: stored.visibleAtMs,
    receiveCount,
    sentAtMs,
    attributes: message.attributes ?? {},
  };
  return message.group === undefined ? base : { ...base, group: message.group };
}
