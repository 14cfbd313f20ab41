/**
 * The messages that a session holds: their leases are kept from receipt until each one is completed, given back, buried
 * or lost. What was done is remembered, so that a redelivery is acknowledged and not run.
 */
import { LongshoreError, type Outcome } from '@longshore/job';
import { releaseClaim, type Message } from '@longshore/queue';
import { cancellation } from './cancellation.ts';
import { closableQueue, type ClosableQueue } from './closable-queue.ts';
import { completer, type Completer } from './completer.ts';
import type { Delivery } from './delivery.ts';
import { doneMemory } from './done-memory.ts';
import { localLeaseKeeper, type LeaseKeeper } from './lease-keeper.ts';
import type { LeaseToken } from './lease-table.ts';
import { threadLeaseKeeper } from './lease-thread.ts';
import { settle, type Settlement } from './settlement.ts';
import type { SessionOptions } from './session-options.ts';

/** Options of {@link Custody}. */
export interface CustodyOptions {
  readonly session: SessionOptions;
  /** Most messages held at a time. */
  readonly capacity: number;
  /** The lease of a message is lost that waits for a slot: forget it. */
  readonly onWaitingLost: (delivery: Delivery) => void;
}

/** Messages in hand. */
export class Custody {
  readonly #options: SessionOptions;
  readonly #onWaitingLost: CustodyOptions['onWaitingLost'];
  readonly #door: ClosableQueue;
  readonly #deliveries = new Map<LeaseToken, Delivery>();
  readonly #settling = new Set<Promise<void>>();
  readonly #done = doneMemory();
  readonly #completer: Completer<Delivery>;
  readonly #keeper: LeaseKeeper;

  constructor({ session, capacity, onWaitingLost }: CustodyOptions) {
    this.#door = closableQueue(session.queue);
    const { queue } = this.#door;
    this.#options = { ...session, queue };
    this.#onWaitingLost = onWaitingLost;
    this.#completer = completer({
      queue,
      clock: session.clock,
      lingerMs: queue.capabilities.fifo ? 0 : session.completeLingerMs,
      onSettled: (delivery, completed) => this.#acknowledged(delivery, completed),
    });
    this.#keeper = this.#openKeeper(capacity);
  }

  /** Messages held now. */
  get size(): number {
    return this.#deliveries.size;
  }

  /** Takes a received message; `undefined` when its lease cannot be kept, and it is left to return. */
  take(message: Message): Delivery | undefined {
    const { queue, clock, log } = this.#options;
    const { lease, leaseUntilMs: untilMs } = message;
    const ceilingMs = lease.receivedAtMs + queue.capabilities.maxLeaseMs;
    const token = this.#keeper.hold({ lease, untilMs, ceilingMs });
    if (token === undefined) {
      log.error({ messageId: message.messageId }, 'Cannot keep the lease on a message, leaving it');
      return undefined;
    }
    const arrivedAtMs = clock.nowMs();
    const delivery: Delivery = {
      message,
      token,
      arrivedAtMs,
      cancellation: cancellation(),
      state: 'waiting',
      marked: false,
    };
    this.#deliveries.set(token, delivery);
    return delivery;
  }

  /** Whether this message was completed before, under whatever lease. */
  isDone({ message }: Delivery): boolean {
    return this.#done.has(message.messageId);
  }

  /** No extension of the lease reaches beyond this time. */
  setCeiling(delivery: Delivery, ceilingMs: number): void {
    this.#keeper.setCeiling(delivery.token, ceilingMs);
  }

  /** Carries an outcome out; resolves when the slot is free, for completions at once. */
  async settle(delivery: Delivery, settlement: Omit<Settlement, 'message' | 'marked'>): Promise<void> {
    const { message, marked } = delivery;
    const { kind } = settlement.outcome;
    // Given back meanwhile, at the end of a drain: the result is void.
    if (delivery.state === 'gone') return;
    delivery.state = 'settling';
    if (kind === 'completed' || kind === 'duplicate') {
      this.#done.add(message.messageId);
      // Failures stay on record: SQS may deliver the message again although it accepts the deletion.
      const { traces = [] } = delivery;
      if (traces.length > 0) this.#track(this.#options.attempts.remove(message.messageId, traces));
      this.#completer.complete(delivery);
      return;
    }
    const task = settle({ ...settlement, message, marked }, this.#options).then(() => this.#drop(delivery));
    this.#track(task);
    await task;
  }

  /** Gives a message back unfinished; no attempt is counted. */
  giveBack(delivery: Delivery, delayMs = 0): void {
    if (delivery.state === 'gone') return;
    delivery.state = 'gone';
    const { message, marked } = delivery;
    const outcome: Outcome = { kind: 'released', delayMs, interrupted: true };
    this.#track(
      settle({ message, marked, outcome, envelope: undefined, records: [] }, this.#options).then(() =>
        this.#drop(delivery),
      ),
    );
  }

  /** Resolves when everything finished is acknowledged and everything given back is back. */
  async flush(): Promise<void> {
    await Promise.all([this.#completer.flush(), this.#settled()]);
    // A flushed completion releases its claim.
    await this.#settled();
  }

  /** Ends all care; what is still held returns by itself, and the queue is called no more. */
  async stop(): Promise<void> {
    this.#door.close();
    await this.#keeper.stop();
  }

  #openKeeper(capacity: number): LeaseKeeper {
    const { queue, clock, leaseMs, metrics, onFatal } = this.#options;
    const options = {
      leaseMs,
      capacity,
      onLost: (tokens: readonly LeaseToken[]) => this.#lost(tokens),
      onExtended: (count: number, failed: number) => metrics.leases(count, failed),
    };
    return queue.connection === undefined
      ? localLeaseKeeper({ ...options, queue, clock })
      : threadLeaseKeeper({ ...options, connection: queue.connection, onFailed: onFatal });
  }

  #acknowledged(delivery: Delivery, completed: boolean): void {
    const { objects, queue, log } = this.#options;
    const { message, claimed } = delivery;
    this.#drop(delivery);
    if (!completed) {
      const { messageId } = message;
      log.warn({ messageId }, 'Could not delete a processed message, its redelivery will be acknowledged');
      return;
    }
    if (claimed !== undefined && objects !== undefined)
      this.#track(releaseClaim(claimed, objects, { queue: queue.name }));
  }

  #drop(delivery: Delivery): void {
    delivery.state = 'gone';
    this.#deliveries.delete(delivery.token);
    this.#keeper.drop(delivery.token);
  }

  #lost(tokens: readonly LeaseToken[]): void {
    for (const token of tokens) {
      const delivery = this.#deliveries.get(token);
      if (delivery?.state === 'waiting') {
        this.#onWaitingLost(delivery);
        this.#drop(delivery);
      } else if (delivery?.state === 'starting' || delivery?.state === 'running') {
        const { messageId } = delivery.message;
        this.#options.log.warn({ messageId }, 'Lease lost, stopping the handler');
        delivery.cancellation.cancel(
          new LongshoreError(
            'lease_lost',
            'The lease on this message is lost: another worker may run it now',
          ),
        );
      }
    }
  }

  #track(task: Promise<void>): void {
    const tracked = task
      .catch((error: unknown) =>
        this.#options.log.error({ err: error }, 'A background step of the worker failed'),
      )
      .finally(() => this.#settling.delete(tracked));
    this.#settling.add(tracked);
  }

  async #settled(): Promise<void> {
    while (this.#settling.size > 0) await Promise.all(this.#settling);
  }
}
