/**
 * Everything alive in one run of a worker: pollers, inbox, slots, and the messages in hand.
 *
 * Pollers are decoupled from slots: a slot that becomes free takes the next message at once, and the slowest message of
 * a batch holds nobody. Stopping takes no new work, lets running jobs finish, interrupts what is left near the deadline,
 * gives everything unfinished back and flushes acknowledgements.
 */
import {
  LongshoreError,
  type AttemptRecord,
  type Outcome,
  type OutcomeKind,
  type Timer,
} from '@longshore/job';
import type { Message } from '@longshore/queue';
import { admit, type AdmissionOptions, type AdmittedJob } from './admission.ts';
import { runAttempt, type AttemptResult } from './attempt.ts';
import { breakerResultOf, type Breaker, type BreakerResult } from './breaker.ts';
import { Custody } from './custody.ts';
import type { Delivery } from './delivery.ts';
import { openGates, type Gates } from './gates.ts';
import { inbox, type Inbox } from './inbox.ts';
import { pollers, type Pollers } from './pollers.ts';
import { prefetchCount, wantedCount } from './prefetch.ts';
import { crashRecord } from './settlement.ts';
import type { SessionOptions } from './session-options.ts';

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
/** Messages in hand, for each that a worker can start or have waiting: most of them are being acknowledged. */
const HELD_PER_PLACE = 4;
const MIN_HELD = 32;
/** How long a job is put back that could not even be prepared, since the object store is out of reach. */
const FAULT_DELAY_MS = 5_000;
/** What is worth a line of the log; jobs that went well are counted, not told. */
const LOG_LEVELS: Partial<Record<OutcomeKind, 'warn' | 'error' | 'info'>> = {
  retried: 'warn',
  lost: 'warn',
  buried: 'error',
  released: 'info',
};

/** What is known of an attempt that is reported: all of it where a handler ran. */
interface Reported {
  readonly job?: string | undefined;
  readonly id?: string | undefined;
  readonly attempt?: number;
  readonly startMs?: number;
}

/** One run of a worker, from start to stop. */
export class Session {
  readonly #options: SessionOptions;
  readonly #admission: AdmissionOptions;
  readonly #capacity: number;
  readonly #inbox: Inbox<Delivery>;
  readonly #started = new Set<Delivery>();
  readonly #custody: Custody;
  readonly #gates: Gates;
  readonly #pollers: Pollers;
  #inboxTimer: Timer | undefined;
  #quiet: PromiseWithResolvers<void> | undefined;
  #endedAtMs = 0;
  #polled = false;
  #isPaused = false;
  #stopping = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { queue, clock, log } = options;
    this.#admission = { ...options, queueName: queue.name };
    this.#capacity = MIN_HELD + HELD_PER_PLACE * (options.slots + options.prefetch);
    this.#inbox = inbox(queue.capabilities.fifo);
    this.#custody = new Custody({
      session: options,
      capacity: this.#capacity,
      onWaitingLost: (delivery) => void this.#inbox.take((waiting) => waiting === delivery),
    });
    this.#gates = openGates({
      ...options,
      onOpen: () => {
        this.#fillSlots();
        this.#pollers.wake();
      },
      onBreaker: (state) => log.warn({ breaker: state }, `The breaker is ${state}`),
    });
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

  /** Messages that have a slot. */
  get busy(): number {
    return this.#started.size;
  }

  /** Messages in hand. */
  get held(): number {
    return this.#custody.size;
  }

  get breaker(): Pick<Breaker, 'state' | 'openings'> {
    return this.#gates.breaker;
  }

  /** Starts polling. */
  start(): void {
    this.#pollers.start();
  }

  /** Receives no more and gives back what has no slot yet; what has one goes on to its end. */
  pause(): void {
    if (this.#isPaused || this.#stopping) return;
    this.#isPaused = true;
    void this.#pollers.stop(MAX_ANSWER_GRACE_MS);
    for (const delivery of this.#inbox.take(() => true)) this.#custody.giveBack(delivery);
  }

  /** Receives again. */
  resume(): void {
    if (!this.#isPaused || this.#stopping) return;
    this.#isPaused = false;
    // Nothing was received for a while, so the first answer is not to be waited for long.
    this.#polled = false;
    this.#pollers.start();
  }

  /** One step for tests and one-shot runs: receives once, runs what came to its end. Resolves with the number of messages. */
  async step(waitMs: number): Promise<number> {
    const wanted = Math.min(this.#options.slots, this.#options.queue.capabilities.maxBatch);
    const count = await this.#receive(wanted, waitMs, new AbortController().signal);
    await this.#quieted();
    await this.#custody.flush();
    return count;
  }

  /** Drains; resolves when nothing of this session is alive. See `Worker.stop`. */
  async stop(deadlineMs: number): Promise<void> {
    const { clock } = this.#options;
    const endMs = clock.nowMs() + deadlineMs;
    this.#stopping = true;
    this.#inboxTimer?.cancel();
    const polled = this.#pollers.stop(deadlineMs * 0.8);
    this.#gates.dismiss();
    for (const delivery of this.#inbox.take(() => true)) this.#custody.giveBack(delivery);
    // Three parts: finish, then interrupt and give back, then flush what is acknowledged.
    this.#interrupt('starting');
    await this.#within(deadlineMs * 0.8, this.#quieted());
    this.#interrupt('running');
    if (this.#started.size > 0) await this.#within(deadlineMs * 0.1, this.#quieted());
    for (const delivery of this.#started) this.#abandon(delivery);
    this.#started.clear();
    // What hangs must not hold up the acknowledgements of finished work; a late receive gives its messages back.
    const flushed = Promise.all([polled, this.#custody.flush()]).then(() => this.#custody.flush());
    await this.#within(Math.max(MIN_FLUSH_MS, endMs - clock.nowMs()), flushed);
    await this.#custody.stop();
  }

  #interrupt(state: Delivery['state']): void {
    const reason = new LongshoreError('interrupted', 'The worker is stopping', { retryable: true });
    for (const delivery of this.#started) if (delivery.state === state) delivery.cancellation.cancel(reason);
  }

  #abandon(delivery: Delivery): void {
    // A failed attempt must not be given back as an interrupted one.
    if (delivery.state === 'settling') return;
    const { messageId } = delivery.message;
    this.#options.log.warn({ messageId }, 'A handler ignored its signal, giving its job back');
    this.#custody.giveBack(delivery);
  }

  #wanted(requested: number): number {
    const { slots, queue, meanServiceMs, prefetch, clock } = this.#options;
    const { receivable } = this.#gates;
    if (receivable === 0) return 0;
    const sinceEndMs = clock.nowMs() - this.#endedAtMs;
    const wanted = wantedCount({
      slots,
      prefetch: prefetchCount({ slots, max: prefetch, meanServiceMs: meanServiceMs(), sinceEndMs }),
      coming: this.#started.size + this.#inbox.size + requested,
      maxBatch: queue.capabilities.maxBatch,
    });
    const room = this.#capacity - this.#custody.size - requested;
    return Math.min(room, wanted, receivable - (receivable === Infinity ? 0 : requested));
  }

  async #receive(max: number, waitMs: number, signal: AbortSignal): Promise<number> {
    const { queue, leaseMs, metrics } = this.#options;
    const messages = await queue.receive({ max, waitMs, leaseMs, signal });
    this.#polled = true;
    metrics.received(messages.length);
    this.#options.onReceived(messages);
    if (messages.length === 0) return 0;
    const deliveries = messages.flatMap((message) => this.#custody.take(message) ?? []);
    if (this.#stopping || this.#isPaused || this.#gates.receivable === 0) {
      for (const delivery of deliveries) this.#custody.giveBack(delivery);
      return messages.length;
    }
    this.#inbox.push(deliveries);
    this.#fillSlots();
    return messages.length;
  }

  #fillSlots(): void {
    while (!this.#stopping && this.#gates.mayStart(this.#started.size)) {
      const delivery = this.#inbox.next();
      if (delivery === undefined) break;
      delivery.state = 'starting';
      this.#started.add(delivery);
      this.#gates.changed(this.#started.size);
      void this.#run(delivery, this.#gates.begin());
    }
    if (this.#inbox.size > 0 && !this.#stopping) this.#watchInbox();
  }

  #watchInbox(): void {
    const { clock } = this.#options;
    this.#inboxTimer ??= clock.after(MAX_INBOX_MS, () => {
      this.#inboxTimer = undefined;
      const beforeMs = clock.nowMs() - MAX_INBOX_MS;
      for (const delivery of this.#inbox.take(({ arrivedAtMs }) => arrivedAtMs <= beforeMs))
        this.#custody.giveBack(delivery);
      if (this.#inbox.size > 0) this.#watchInbox();
    });
  }

  async #run(delivery: Delivery, ended: (result: BreakerResult) => void): Promise<void> {
    let result: BreakerResult = 'neutral';
    try {
      result = await this.#process(delivery);
    } catch (error) {
      const { messageId } = delivery.message;
      this.#options.log.error({ err: error, messageId }, 'Could not prepare the job, giving it back');
      this.#custody.giveBack(delivery, FAULT_DELAY_MS);
      result = 'down';
    }
    this.#started.delete(delivery);
    this.#endedAtMs = this.#options.clock.nowMs();
    this.#inbox.finished(delivery);
    this.#gates.changed(this.#started.size);
    ended(result);
    this.#fillSlots();
    this.#pollers.wake();
    if (this.#started.size === 0) this.#quiet?.resolve();
  }

  /** From a message to its outcome. Rejects when the object store is out of reach. */
  async #process(delivery: Delivery): Promise<BreakerResult> {
    if (this.#custody.isDone(delivery)) return this.#settleDuplicate(delivery);
    const admission = await admit(delivery.message, this.#admission);
    if (admission.kind === 'settle') {
      const { envelope, outcome } = admission;
      this.#report(outcome, delivery.message, { job: envelope?.name, id: envelope?.id });
      await this.#settle(delivery, admission);
      return 'neutral';
    }
    const { job } = admission;
    this.#options.onAdmitted(job.envelope.name, delivery);
    if (this.#gates.isOpenTo(job)) return this.#attempt(delivery, job);
    const entered = await this.#gates.enter(job, delivery.cancellation);
    if ('giveBackAfterMs' in entered) return this.#turnAway(delivery, entered.giveBackAfterMs);
    try {
      if (entered.isAlone) await this.#clearTheDeck();
      return await this.#attempt(delivery, job);
    } finally {
      entered.leave();
    }
  }

  /** Should the next job end this process, nothing else shall pay for it. */
  async #clearTheDeck(): Promise<void> {
    for (const waiting of this.#inbox.take(() => true)) this.#custody.giveBack(waiting);
    await this.#custody.flush();
  }

  async #turnAway(delivery: Delivery, delayMs: number): Promise<BreakerResult> {
    const outcome: Outcome =
      delivery.cancellation.reason?.code === 'lease_lost'
        ? { kind: 'lost' }
        : { kind: 'released', delayMs, interrupted: true };
    await this.#settle(delivery, { outcome, envelope: undefined, records: [] });
    return 'neutral';
  }

  async #settleDuplicate(delivery: Delivery): Promise<BreakerResult> {
    this.#report({ kind: 'duplicate' }, delivery.message);
    await this.#settle(delivery, { outcome: { kind: 'duplicate' }, envelope: undefined, records: [] });
    return 'neutral';
  }

  async #attempt(delivery: Delivery, job: AdmittedJob): Promise<BreakerResult> {
    const { clock } = this.#options;
    const { envelope, records } = job;
    if (delivery.cancellation.reason === undefined && delivery.message.receiveCount > 1)
      await this.#mark(delivery, records);
    // Another delivery of it may have been finished here while this one was prepared.
    if (this.#custody.isDone(delivery)) return this.#settleDuplicate(delivery);
    if (delivery.cancellation.reason !== undefined) return this.#turnAway(delivery, 0);
    const startMs = clock.nowMs();
    const result = await this.#runHandler(delivery, job);
    const { outcome, stack, isDependencyDown = false } = result;
    // Given back at the end of a drain: the result is void.
    if (delivery.state !== 'running') return 'neutral';
    if (outcome.kind === 'completed' && envelope.claim !== undefined) delivery.claimed = envelope;
    this.#report(outcome, delivery.message, {
      job: envelope.name,
      id: envelope.id,
      attempt: job.attempt,
      startMs,
    });
    await this.#settle(delivery, {
      outcome,
      envelope,
      records,
      ...(stack === undefined ? {} : { stack }),
    });
    return breakerResultOf(outcome, isDependencyDown);
  }

  /** A message that comes again may be what killed its worker: should this attempt leave no other trace, it was. */
  async #mark(delivery: Delivery, records: readonly AttemptRecord[]): Promise<void> {
    const { attempts, clock } = this.#options;
    const { message } = delivery;
    const passed = records.filter(({ kind }) => kind !== 'failed').map(({ receive }) => receive);
    delivery.traces = [...passed, message.receiveCount];
    delivery.marked = true;
    await attempts.append(message.messageId, crashRecord(message, clock));
  }

  #runHandler(delivery: Delivery, job: AdmittedJob): Promise<AttemptResult> {
    const { clock, queue, log } = this.#options;
    const { message } = delivery;
    delivery.state = 'running';
    const ceilingMs = Math.min(
      clock.nowMs() + job.binding.definition.timeoutMs + TIMEOUT_GRACE_MS,
      message.lease.receivedAtMs + queue.capabilities.maxLeaseMs,
    );
    this.#custody.setCeiling(delivery, ceilingMs);
    const { name, id } = job.envelope;
    return runAttempt(job, {
      ...this.#admission,
      once: this.#options.once,
      followUps: this.#options.followUps,
      random: this.#options.random,
      log: () => log.child({ queue: queue.name, job: name, id, attempt: job.attempt }),
      cancellation: delivery.cancellation,
    });
  }

  async #settle(delivery: Delivery, settlement: Parameters<Custody['settle']>[1]): Promise<void> {
    const { kind } = settlement.outcome;
    // FIFO: what waits behind an unfinished message must not overtake it.
    if (kind === 'retried' || kind === 'released' || kind === 'lost')
      for (const waiting of this.#inbox.takeGroupOf(delivery)) this.#custody.giveBack(waiting);
    await this.#custody.settle(delivery, settlement);
  }

  #report(outcome: Outcome, message: Message, reported: Reported = {}): void {
    const { metrics, log, onOutcome, clock } = this.#options;
    const endedAtMs = clock.nowMs();
    const { job = 'unknown', id, attempt = 0, startMs = endedAtMs } = reported;
    const ranMs = endedAtMs - startMs;
    // A duplicate has waited for its job to be done.
    const waitedMs = outcome.kind === 'duplicate' ? 0 : Math.max(0, startMs - message.sentAtMs);
    metrics.finished(job, outcome.kind, waitedMs, ranMs);
    onOutcome({ job, id, outcome, attempt, receive: message.receiveCount, waitedMs, ranMs, endedAtMs });
    const level = LOG_LEVELS[outcome.kind];
    if (level === undefined) return;
    const { kind, ...details } = outcome;
    const facts = { job, id, attempt, messageId: message.messageId, outcome: kind, ...details };
    log[level]({ ...facts, waitMs: Math.round(waitedMs), runMs: Math.round(ranMs) }, `Job ${kind}`);
  }

  async #quieted(): Promise<void> {
    if (this.#started.size === 0) return;
    this.#quiet ??= Promise.withResolvers();
    await this.#quiet.promise;
  }

  async #within(withinMs: number, work: Promise<unknown>): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = this.#options.clock.after(withinMs, late.resolve);
    await Promise.race([work, late.promise]);
    timer.cancel();
  }
}
