/**
 * Everything alive in one run of a worker: pollers, inbox, slots, leases and what is being settled.
 *
 * Pollers are decoupled from slots: a slot that becomes free takes the next message at once, and the slowest message of
 * a batch holds nobody. Stopping takes no new work, lets running jobs finish, interrupts what is left near the deadline,
 * gives everything unfinished back and flushes acknowledgements.
 */
import { LongshoreError, sleep, type Outcome, type OutcomeKind, type Timer } from '@longshore/job';
import { releaseClaim, type Message } from '@longshore/queue';
import { admit, type AdmissionOptions, type AdmittedJob } from './admission.ts';
import { runAttempt, type AttemptOptions, type AttemptResult } from './attempt.ts';
import { cancellation } from './cancellation.ts';
import { closableQueue, type ClosableQueue } from './closable-queue.ts';
import { completer, type Completer } from './completer.ts';
import type { Delivery } from './delivery.ts';
import { doneMemory } from './done-memory.ts';
import { inbox, type Inbox } from './inbox.ts';
import { localLeaseKeeper, type LeaseKeeper } from './lease-keeper.ts';
import type { LeaseToken } from './lease-table.ts';
import { threadLeaseKeeper } from './lease-thread.ts';
import { pollers, type Pollers } from './pollers.ts';
import { prefetchCount, wantedCount } from './prefetch.ts';
import { crashRecord, settle, type Settlement } from './settlement.ts';
import type { SessionOptions } from './session-options.ts';
import { solitude } from './solitude.ts';

/** A handler may take this long after its timeout before its lease is given up. */
const TIMEOUT_GRACE_MS = 30_000;
const FIRST_WAIT_MS = 1_000;
const ROUND_TRIP_MS = 200;
/** Lets one-second polls, as on a local endpoint, end by themselves; longer ones are given up after it. */
const MAX_ANSWER_GRACE_MS = 1_200;
/** Acknowledging finished work is tried even when the deadline has passed: it costs one call and saves a second run. */
const MIN_FLUSH_MS = 500;
/** A message that found no slot in this time is given back: handlers have become slow, and another worker may be free. */
const MAX_INBOX_MS = 5_000;
/** How long a job is put back that could not even be prepared, since the object store is out of reach. */
const FAULT_DELAY_MS = 5_000;
/** What is worth a line of the log; jobs that went well are counted, not told. */
const LOG_LEVELS: Partial<Record<OutcomeKind, 'warn' | 'error' | 'info'>> = {
  retried: 'warn',
  lost: 'warn',
  buried: 'error',
  released: 'info',
};
/** Finished messages whose acknowledgement is under way, beside those that wait or run. */
const MAX_COMPLETING = 1_000;

/** One run of a worker, from start to stop. */
export class Session {
  readonly #options: SessionOptions;
  readonly #door: ClosableQueue;
  readonly #admission: AdmissionOptions;
  readonly #capacity: number;
  readonly #inbox: Inbox<Delivery>;
  readonly #deliveries = new Map<LeaseToken, Delivery>();
  readonly #running = new Set<Delivery>();
  readonly #settling = new Set<Promise<void>>();
  readonly #done = doneMemory();
  readonly #solitude = solitude();
  readonly #completer: Completer<Delivery>;
  readonly #keeper: LeaseKeeper;
  readonly #pollers: Pollers;
  #inboxTimer: Timer | undefined;
  #quiet: PromiseWithResolvers<void> | undefined;
  #endedAtMs = 0;
  #polled = false;
  #stopping = false;

  constructor(options: SessionOptions) {
    this.#door = closableQueue(options.queue);
    const { queue } = this.#door;
    const { clock } = options;
    this.#options = { ...options, queue };
    this.#admission = { ...options, queueName: queue.name };
    this.#capacity = options.slots + options.prefetch + MAX_COMPLETING;
    this.#inbox = inbox(queue.capabilities.fifo);
    this.#completer = completer({
      queue,
      clock,
      lingerMs: queue.capabilities.fifo ? 0 : options.completeLingerMs,
      onSettled: (delivery, completed) => this.#acknowledged(delivery, completed),
    });
    this.#keeper = this.#openKeeper();
    this.#pollers = pollers({
      // The first receive is short, so that readiness does not wait for a long poll on an empty queue.
      receive: (max, signal) =>
        this.#receive(max, this.#polled ? options.waitMs : Math.min(options.waitMs, FIRST_WAIT_MS), signal),
      wanted: (requested) => this.#wanted(requested),
      answerGraceMs: Math.min(options.waitMs + ROUND_TRIP_MS, MAX_ANSWER_GRACE_MS),
      clock,
      random: options.random,
      onError: options.onReceiveError,
    });
  }

  get busy(): number {
    return this.#running.size;
  }

  get held(): number {
    return this.#deliveries.size;
  }

  /** Starts polling. */
  start(): void {
    this.#pollers.start();
  }

  /** One step for tests and one-shot runs: receives once, runs what came to its end. Resolves with the number of messages. */
  async step(waitMs: number): Promise<number> {
    const wanted = Math.min(this.#options.slots, this.#options.queue.capabilities.maxBatch);
    const count = await this.#receive(wanted, waitMs, new AbortController().signal);
    await this.#quieted();
    await this.#completer.flush();
    return count;
  }

  /** Drains; resolves when nothing of this session is alive. See `Worker.stop`. */
  async stop(deadlineMs: number): Promise<void> {
    const { clock, log } = this.#options;
    const endMs = clock.nowMs() + deadlineMs;
    this.#stopping = true;
    this.#inboxTimer?.cancel();
    const polled = this.#pollers.stop(deadlineMs * 0.8);
    this.#solitude.dismiss();
    for (const delivery of this.#inbox.take(() => true)) this.#giveBack(delivery);
    // Three parts: finish, then interrupt and give back, then flush what is acknowledged.
    await this.#within(deadlineMs * 0.8, this.#quieted());
    const interrupted = new LongshoreError('interrupted', 'The worker is stopping', { retryable: true });
    for (const delivery of this.#running) delivery.cancellation.cancel(interrupted);
    if (this.#running.size > 0) await this.#within(deadlineMs * 0.1, this.#quieted());
    for (const delivery of this.#running) {
      // A failed attempt must not be given back as an interrupted one.
      if (delivery.state !== 'running') continue;
      log.warn(
        { messageId: delivery.message.messageId },
        'A handler ignored its signal, giving its job back',
      );
      this.#giveBack(delivery);
    }
    this.#running.clear();
    await this.#within(Math.max(MIN_FLUSH_MS, endMs - clock.nowMs()), this.#flush(polled));
    this.#door.close();
    await this.#keeper.stop();
  }

  #openKeeper(): LeaseKeeper {
    const { queue, clock, leaseMs, metrics, onFatal } = this.#options;
    const options = {
      leaseMs,
      capacity: this.#capacity,
      onLost: (tokens: readonly LeaseToken[]) => this.#lost(tokens),
      onExtended: (count: number, failed: number) => metrics.leases(count, failed),
    };
    return queue.connection === undefined
      ? localLeaseKeeper({ ...options, queue, clock })
      : threadLeaseKeeper({ ...options, connection: queue.connection, onFailed: onFatal });
  }

  #wanted(requested: number): number {
    const { slots, queue, meanServiceMs, prefetch, clock } = this.#options;
    if (this.#solitude.isWanted) return 0;
    const sinceEndMs = clock.nowMs() - this.#endedAtMs;
    const room = this.#capacity - this.#deliveries.size - requested;
    const wanted = wantedCount({
      slots,
      prefetch: prefetchCount({ slots, max: prefetch, meanServiceMs: meanServiceMs(), sinceEndMs }),
      coming: this.#running.size + this.#inbox.size + requested,
      maxBatch: queue.capabilities.maxBatch,
    });
    return Math.min(room, wanted);
  }

  async #receive(max: number, waitMs: number, signal: AbortSignal): Promise<number> {
    const { queue, leaseMs, metrics } = this.#options;
    const messages = await queue.receive({ max, waitMs, leaseMs, signal });
    this.#polled = true;
    metrics.received(messages.length);
    this.#options.onReceived(messages);
    if (messages.length === 0) return 0;
    const deliveries = messages.flatMap((message) => this.#take(message) ?? []);
    if (this.#stopping || this.#solitude.isWanted) {
      for (const delivery of deliveries) this.#giveBack(delivery);
      return messages.length;
    }
    this.#inbox.push(deliveries);
    this.#fillSlots();
    return messages.length;
  }

  #take(message: Message): Delivery | undefined {
    const { queue, clock, log } = this.#options;
    const { lease, leaseUntilMs: untilMs } = message;
    const ceilingMs = lease.receivedAtMs + queue.capabilities.maxLeaseMs;
    const token = this.#keeper.hold({ lease, untilMs, ceilingMs });
    if (token === undefined) {
      log.error({ messageId: message.messageId }, 'Cannot keep the lease on a message, leaving it');
      return undefined;
    }
    const delivery: Delivery = {
      message,
      token,
      arrivedAtMs: clock.nowMs(),
      cancellation: cancellation(),
      state: 'waiting',
      marked: false,
    };
    this.#deliveries.set(token, delivery);
    return delivery;
  }

  #fillSlots(): void {
    while (!this.#stopping && this.#running.size < this.#options.slots && !this.#solitude.isWanted) {
      const delivery = this.#inbox.next();
      if (delivery === undefined) break;
      delivery.state = 'running';
      this.#running.add(delivery);
      this.#solitude.changed(this.#running.size);
      void this.#run(delivery);
    }
    if (this.#inbox.size > 0) this.#watchInbox();
  }

  #watchInbox(): void {
    const { clock } = this.#options;
    this.#inboxTimer ??= clock.after(MAX_INBOX_MS, () => {
      this.#inboxTimer = undefined;
      const beforeMs = clock.nowMs() - MAX_INBOX_MS;
      for (const delivery of this.#inbox.take(({ arrivedAtMs }) => arrivedAtMs <= beforeMs))
        this.#giveBack(delivery);
      if (this.#inbox.size > 0) this.#watchInbox();
    });
  }

  async #run(delivery: Delivery): Promise<void> {
    try {
      await this.#process(delivery);
    } catch (error) {
      const { messageId } = delivery.message;
      this.#options.log.error({ err: error, messageId }, 'Could not prepare the job, giving it back');
      this.#giveBack(delivery, FAULT_DELAY_MS);
    }
    this.#running.delete(delivery);
    this.#endedAtMs = this.#options.clock.nowMs();
    this.#inbox.finished(delivery);
    this.#solitude.changed(this.#running.size);
    this.#fillSlots();
    this.#pollers.wake();
    if (this.#running.size === 0) this.#quiet?.resolve();
  }

  async #process(delivery: Delivery): Promise<void> {
    if (this.#done.has(delivery.message.messageId)) return this.#settleDuplicate(delivery);
    const admission = await admit(delivery.message, this.#admission);
    if (delivery.state !== 'running') return;
    if (admission.kind === 'settle') {
      this.#report(admission.envelope?.name ?? 'unknown', admission.outcome, delivery.message, 0, 0);
      return this.#settle(delivery, admission);
    }
    if (!admission.job.isSuspect) return this.#attempt(delivery, admission.job);
    if (!(await this.#solitude.enter())) return this.#giveBack(delivery);
    try {
      // Should it end this process, nothing else shall pay for it.
      for (const waiting of this.#inbox.take(() => true)) this.#giveBack(waiting);
      await Promise.all([this.#completer.flush(), this.#settled()]);
      await this.#attempt(delivery, admission.job);
    } finally {
      this.#solitude.leave();
    }
  }

  #settleDuplicate(delivery: Delivery): Promise<void> {
    this.#options.metrics.finished('unknown', 'duplicate', 0, 0);
    return this.#settle(delivery, { outcome: { kind: 'duplicate' }, envelope: undefined, records: [] });
  }

  async #attempt(delivery: Delivery, job: AdmittedJob): Promise<void> {
    const { clock, queue, attempts } = this.#options;
    const { message, cancellation: cancelled } = delivery;
    const { envelope, records } = job;
    // Another delivery of it may have been finished here while this one was prepared.
    if (this.#done.has(message.messageId)) return this.#settleDuplicate(delivery);
    const startMs = clock.nowMs();
    let result: AttemptResult = { outcome: { kind: 'lost' } };
    if (cancelled.reason?.code !== 'lease_lost') {
      // A message that comes again may be what killed its worker: should this attempt leave no other trace, it was.
      if (message.receiveCount > 1) {
        await attempts.append(message.messageId, crashRecord(message, clock));
        delivery.marked = true;
      }
      const ceilingMs = Math.min(
        startMs + job.binding.definition.timeoutMs + TIMEOUT_GRACE_MS,
        message.lease.receivedAtMs + queue.capabilities.maxLeaseMs,
      );
      this.#keeper.setCeiling(delivery.token, ceilingMs);
      result = await runAttempt(job, {
        ...this.#attemptOptions(envelope.name, envelope.id, job.attempt),
        cancellation: cancelled,
      });
    }
    const { outcome, stack } = result;
    // Given back at the end of a drain: the result is void.
    if (delivery.state !== 'running') return;
    this.#report(envelope.name, outcome, message, job.attempt, clock.nowMs() - startMs, envelope.id);
    if (outcome.kind === 'completed' && envelope.claim !== undefined) delivery.claimed = envelope;
    await this.#settle(delivery, {
      outcome,
      envelope,
      records,
      ...(stack === undefined ? {} : { stack }),
    });
  }

  #attemptOptions(job: string, id: string, attempt: number): Omit<AttemptOptions, 'cancellation'> {
    const { objects, followUps, clock, random, log, queue } = this.#options;
    return {
      objects,
      followUps,
      clock,
      random,
      log: () => log.child({ queue: queue.name, job, id, attempt }),
    };
  }

  async #settle(delivery: Delivery, settlement: Omit<Settlement, 'message' | 'marked'>): Promise<void> {
    const { outcome } = settlement;
    delivery.state = 'settling';
    if (outcome.kind === 'completed' || outcome.kind === 'duplicate') {
      this.#done.add(delivery.message.messageId);
      this.#completer.complete(delivery);
      return;
    }
    // FIFO: what waits behind an unfinished message must not overtake it.
    if (outcome.kind !== 'buried')
      for (const waiting of this.#inbox.takeGroupOf(delivery)) this.#giveBack(waiting);
    const { message, marked } = delivery;
    const task = settle({ ...settlement, message, marked }, this.#options).then(() => this.#drop(delivery));
    this.#track(task);
    await task;
  }

  #giveBack(delivery: Delivery, delayMs = 0): void {
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

  #acknowledged(delivery: Delivery, completed: boolean): void {
    const { objects, queue, attempts, log } = this.#options;
    const { message, claimed } = delivery;
    this.#drop(delivery);
    if (!completed) {
      const { messageId } = message;
      log.warn({ messageId }, 'Could not delete a processed message, its redelivery will be acknowledged');
      return;
    }
    if (message.receiveCount > 1) this.#track(attempts.clear(message.messageId));
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
        this.#inbox.take((waiting) => waiting === delivery);
        this.#drop(delivery);
      } else if (delivery?.state === 'running') {
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

  #report(
    job: string,
    outcome: Outcome,
    message: Message,
    attempt: number,
    ranMs: number,
    id?: string,
  ): void {
    const { metrics, log, onOutcome } = this.#options;
    const waitedMs = Math.max(0, message.lease.receivedAtMs - message.sentAtMs);
    metrics.finished(job, outcome.kind, waitedMs, ranMs);
    onOutcome({ job, outcome, attempt, waitedMs, ranMs });
    const level = LOG_LEVELS[outcome.kind];
    if (level === undefined) return;
    const { kind, ...details } = outcome;
    const facts = { job, id, attempt, messageId: message.messageId, outcome: kind, ...details };
    log[level]({ ...facts, waitMs: Math.round(waitedMs), runMs: Math.round(ranMs) }, `Job ${kind}`);
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

  async #quieted(): Promise<void> {
    if (this.#running.size === 0) return;
    this.#quiet ??= Promise.withResolvers();
    await this.#quiet.promise;
  }

  async #flush(polled: Promise<void>): Promise<void> {
    // What hangs must not hold up the acknowledgements of finished work.
    await Promise.all([polled, this.#completer.flush()]);
    // In this order: a late receive gives messages back, a flushed completion releases its claim.
    await this.#settled();
    await this.#completer.flush();
    await this.#settled();
  }

  async #within(withinMs: number, work: Promise<void>): Promise<void> {
    const timer = new AbortController();
    await Promise.race([work, sleep(withinMs, { clock: this.#options.clock, signal: timer.signal })]);
    timer.abort();
  }
}
