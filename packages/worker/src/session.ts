/**
 * Everything alive in one run of a worker: pollers, inbox, slots, leases and what is being settled.
 *
 * Pollers are decoupled from slots: a slot that becomes free takes the next message at once, and the slowest message of
 * a batch holds nobody. Stopping takes no new work, lets running jobs finish, interrupts what is left near the deadline,
 * gives everything unfinished back and flushes acknowledgements.
 */
import { LongshoreError, sleep, type Envelope, type Outcome } from '@longshore/job';
import { releaseClaim, type Lease, type Message } from '@longshore/queue';
import { admit } from './admission.ts';
import { runAttempt } from './attempt.ts';
import { completer, type Completer } from './completer.ts';
import { doneMemory } from './done-memory.ts';
import { inbox } from './inbox.ts';
import { localLeaseKeeper, type LeaseKeeper } from './lease-keeper.ts';
import { threadLeaseKeeper } from './lease-thread.ts';
import { pollers, type Pollers } from './pollers.ts';
import { settle, type Settlement } from './settlement.ts';
import type { SessionOptions } from './session-options.ts';

interface Running {
  readonly message: Message;
  readonly controller: AbortController;
  readonly done: Promise<void>;
}

/** A handler may take this long after its timeout before its lease is given up. */
const TIMEOUT_GRACE_MS = 30_000;

const FIRST_WAIT_MS = 1_000;
const ROUND_TRIP_MS = 200;
/** Lets one-second polls, as on a local endpoint, end by themselves; longer ones are given up after it. */
const MAX_ANSWER_GRACE_MS = 1_200;
/** Acknowledging finished work is tried even when the deadline has passed: it costs one call and saves a second run. */
const MIN_FLUSH_MS = 500;

/** One run of a worker, from start to stop. */
export class Session {
  readonly #options: SessionOptions;
  readonly #inbox: ReturnType<typeof inbox>;
  readonly #running = new Map<string, Running>();
  readonly #claims = new Map<string, Envelope>();
  readonly #settling = new Set<Promise<void>>();
  readonly #done = doneMemory();
  readonly #completer: Completer;
  readonly #keeper: LeaseKeeper;
  readonly #pollers: Pollers;
  #held = 0;
  #polled = false;
  #stopping = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { queue, clock, leaseMs } = options;
    this.#inbox = inbox(queue.capabilities.fifo);
    this.#completer = completer({
      queue,
      clock,
      lingerMs: queue.capabilities.fifo ? 0 : options.completeLingerMs,
      onSettled: (lease, completed) => this.#acknowledged(lease, completed),
    });
    const events = {
      onLost: (handles: readonly string[]) => this.#lost(handles),
      onExtended: (count: number, failed: number) => options.metrics.leases(count, failed),
    };
    this.#keeper =
      queue.connection === undefined
        ? localLeaseKeeper({ queue, leaseMs, clock, ...events })
        : threadLeaseKeeper({ connection: queue.connection, leaseMs, ...events, onFailed: options.onFatal });
    this.#pollers = pollers({
      // The first receive is short, so that readiness does not wait for a long poll on an empty queue.
      receive: (max, signal) =>
        this.#receive(max, this.#polled ? options.waitMs : Math.min(options.waitMs, FIRST_WAIT_MS), signal),
      wanted: () => options.slots + options.prefetch - this.#inbox.size - this.#running.size,
      maxBatch: queue.capabilities.maxBatch,
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
    return this.#held;
  }

  /** Starts polling. */
  start(): void {
    this.#pollers.start();
  }

  /** One step for tests and one-shot runs: receives once, runs what came to its end. Resolves with the number of messages. */
  async step(waitMs: number): Promise<number> {
    const wanted = Math.min(this.#options.slots, this.#options.queue.capabilities.maxBatch);
    const count = await this.#receive(wanted, waitMs, new AbortController().signal);
    await this.#quiet();
    await this.#completer.flush();
    return count;
  }

  /** Drains; resolves when nothing of this session is alive. See `Worker.stop`. */
  async stop(deadlineMs: number): Promise<void> {
    const { clock, log } = this.#options;
    const endMs = clock.nowMs() + deadlineMs;
    this.#stopping = true;
    const polled = this.#pollers.stop();
    for (const message of this.#inbox.takeAll()) this.#giveBack(message);
    // Three parts: finish, then interrupt and give back, then flush what is acknowledged.
    await this.#within(deadlineMs * 0.8, this.#quiet());
    const interrupted = new LongshoreError('interrupted', 'The worker is stopping', { retryable: true });
    for (const { controller } of this.#running.values()) controller.abort(interrupted);
    if (this.#running.size > 0) await this.#within(deadlineMs * 0.1, this.#quiet());
    for (const [handle, { message }] of this.#running) {
      log.warn({ messageId: message.messageId }, 'A handler ignored its signal, giving its job back');
      this.#running.delete(handle);
      this.#giveBack(message);
    }
    await this.#within(Math.max(MIN_FLUSH_MS, endMs - clock.nowMs()), this.#flush(polled));
    await this.#keeper.stop();
  }

  async #receive(max: number, waitMs: number, signal: AbortSignal): Promise<number> {
    const { queue, leaseMs, metrics } = this.#options;
    const messages = await queue.receive({ max, waitMs, leaseMs, signal });
    this.#polled = true;
    metrics.received(messages.length);
    this.#options.onReceived(messages);
    if (messages.length === 0) return 0;
    this.#held += messages.length;
    this.#keeper.hold(
      messages.map(({ lease, leaseUntilMs }) => ({
        lease,
        untilMs: leaseUntilMs,
        ceilingMs: lease.receivedAtMs + queue.capabilities.maxLeaseMs,
      })),
    );
    if (this.#stopping) {
      for (const message of messages) this.#giveBack(message);
      return messages.length;
    }
    this.#inbox.push(messages);
    this.#fillSlots();
    return messages.length;
  }

  #fillSlots(): void {
    while (!this.#stopping && this.#running.size < this.#options.slots) {
      const message = this.#inbox.next();
      if (message === undefined) break;
      const controller = new AbortController();
      const done = this.#process(message, controller).finally(() => this.#finished(message, controller));
      this.#running.set(message.lease.handle, { message, controller, done });
    }
  }

  #finished(message: Message, controller: AbortController): void {
    if (this.#running.get(message.lease.handle)?.controller === controller)
      this.#running.delete(message.lease.handle);
    this.#inbox.finished(message);
    this.#fillSlots();
    this.#pollers.wake();
  }

  async #process(message: Message, controller: AbortController): Promise<void> {
    const { clock, queue, metrics, log: parent } = this.#options;
    if (this.#done.has(message.messageId)) {
      metrics.finished('unknown', 'duplicate', 0, 0);
      return this.#settle({ message, outcome: { kind: 'duplicate' }, envelope: undefined, records: [] });
    }
    const admission = await admit(message, { ...this.#options, queueName: queue.name }).catch(
      (error: unknown) => ({ error }),
    );
    if ('error' in admission) {
      parent.error(
        { err: admission.error, messageId: message.messageId },
        'Could not prepare the job, giving it back',
      );
      return this.#settle({
        message,
        outcome: { kind: 'released', delayMs: 5_000, interrupted: true },
        envelope: undefined,
        records: [],
      });
    }
    if (admission.kind === 'settle') {
      this.#report(admission.envelope?.name ?? 'unknown', admission.outcome, message, 0, 0);
      return this.#settle({ message, ...admission });
    }
    const { job } = admission;
    const { name } = job.envelope;
    const log = parent.child({ queue: queue.name, job: name, id: job.envelope.id, attempt: job.attempt });
    const startMs = clock.nowMs();
    const ceilingMs = Math.min(
      startMs + job.binding.definition.timeoutMs + TIMEOUT_GRACE_MS,
      message.lease.receivedAtMs + queue.capabilities.maxLeaseMs,
    );
    this.#keeper.setCeiling(message.lease.handle, ceilingMs);
    const { outcome, stack } = await runAttempt(job, { ...this.#options, log, controller });
    // Given back at the end of a drain, or run out at the deadline: the result is void.
    if (!this.#running.has(message.lease.handle)) return;
    this.#report(name, outcome, message, job.attempt, clock.nowMs() - startMs, log);
    if (outcome.kind === 'completed' && job.envelope.claim !== undefined)
      this.#claims.set(message.lease.handle, job.envelope);
    await this.#settle({
      message,
      outcome,
      envelope: job.envelope,
      records: job.records,
      ...(stack === undefined ? {} : { stack }),
    });
  }

  async #settle(settlement: Settlement): Promise<void> {
    const { message, outcome } = settlement;
    const ordered = outcome.kind === 'retried' || outcome.kind === 'released' || outcome.kind === 'lost';
    // FIFO: what waits behind an unfinished message must not overtake it.
    if (ordered) for (const waiting of this.#inbox.takeGroupOf(message)) this.#giveBack(waiting);
    if (outcome.kind === 'completed') this.#done.add(message.messageId);
    const task = settle(settlement, { ...this.#options, completer: this.#completer }).then((givenUp) => {
      if (givenUp) this.#drop(message.lease);
    });
    this.#track(task);
    await task;
  }

  #giveBack(message: Message): void {
    const outcome: Outcome = { kind: 'released', delayMs: 0, interrupted: true };
    const settlement: Settlement = { message, outcome, envelope: undefined, records: [] };
    this.#track(
      settle(settlement, { ...this.#options, completer: this.#completer }).then(() => {
        this.#drop(message.lease);
      }),
    );
  }

  #acknowledged(lease: Lease, completed: boolean): void {
    const { objects, queue, log } = this.#options;
    if (completed) this.#done.confirm(lease.messageId);
    else
      log.warn(
        { messageId: lease.messageId },
        'Could not delete a processed message, its redelivery will be acknowledged',
      );
    const envelope = this.#claims.get(lease.handle);
    this.#claims.delete(lease.handle);
    if (completed && envelope !== undefined && objects !== undefined)
      this.#track(releaseClaim(envelope, objects, { queue: queue.name }));
    this.#drop(lease);
  }

  #drop(lease: Lease): void {
    this.#held -= 1;
    this.#keeper.drop([lease.handle]);
  }

  #lost(handles: readonly string[]): void {
    for (const handle of handles) {
      const running = this.#running.get(handle);
      const waiting = this.#inbox.remove(handle);
      if (waiting !== undefined) this.#held -= 1;
      if (running === undefined) continue;
      this.#options.log.warn({ messageId: running.message.messageId }, 'Lease lost, stopping the handler');
      running.controller.abort(
        new LongshoreError('lease_lost', 'The lease on this message is lost: another worker may run it now'),
      );
    }
  }

  #report(
    job: string,
    outcome: Outcome,
    message: Message,
    attempt: number,
    ranMs: number,
    log = this.#options.log,
  ): void {
    const waitedMs = Math.max(0, message.lease.receivedAtMs - message.sentAtMs);
    this.#options.metrics.finished(job, outcome.kind, waitedMs, ranMs);
    this.#options.onOutcome({ job, outcome, attempt, waitedMs, ranMs });
    const { kind, ...details } = outcome;
    const fields = { outcome: kind, ...details, waitMs: Math.round(waitedMs), runMs: Math.round(ranMs) };
    if (kind === 'buried') log.error(fields, 'Job buried');
    else if (kind === 'retried' || kind === 'lost') log.warn(fields, `Job ${kind}`);
    else log.info(fields, `Job ${kind}`);
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

  async #quiet(): Promise<void> {
    while (this.#running.size > 0)
      await Promise.all([...this.#running.values()].map((running) => running.done));
  }

  async #flush(polled: Promise<void>): Promise<void> {
    // In this order: a late receive gives messages back, a flushed completion releases its claim.
    await polled;
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
