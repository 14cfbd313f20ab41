/**
 * Reads the fleet's facts queue into the workers' reports, as fast as they come.
 *
 * Everything that is received is acknowledged: a report that cannot be read is counted and dropped, and one that is lost
 * is made good by the next. A queue that is out of reach is tried again; meanwhile workers fall silent, and silence means
 * busy.
 */
import { parseHeartbeatText } from '@longshore/fleet';
import { isLongshoreError, sleep, type Clock } from '@longshore/job';
import type { WorkerReports } from './worker-reports.ts';

/** A message of the facts queue. A `Message` of a queue is one by its shape. */
export interface FactsMessage {
  readonly body: string;
  readonly lease: FactsLease;
}

/** What acknowledges a message. */
export interface FactsLease {
  readonly messageId: string;
  readonly handle: string;
  readonly receivedAtMs: number;
}

/** Where workers report. A `Queue` is one by its shape. */
export interface FactsQueue {
  readonly name: string;
  receive(options: {
    readonly max: number;
    readonly waitMs: number;
    readonly leaseMs: number;
    readonly signal?: AbortSignal;
  }): Promise<readonly FactsMessage[]>;
  complete(leases: readonly FactsLease[]): Promise<unknown>;
}

/** Where the consumer tells what happens; pino's interface, as far as it is used. */
export interface FactsLog {
  warn(fields: object, message: string): void;
}

/** Options of {@link consumeHeartbeats}. */
export interface ConsumeHeartbeatsOptions {
  readonly queue: FactsQueue;
  readonly reports: Pick<WorkerReports, 'record'>;
  readonly log: FactsLog;
  readonly clock: Clock;
  /** Default `Math.random`. */
  readonly random?: () => number;
}

/** What was read since the start; never falls. */
export interface FactsCounts {
  readonly recorded: number;
  /** Duplicates, and reports that a newer one had overtaken. */
  readonly outdated: number;
  /** Messages that are no heartbeats. */
  readonly dropped: number;
}

/** A reader of the facts queue. */
export interface HeartbeatConsumer extends AsyncDisposable {
  /** Reads until `stop`. A second call does nothing. */
  start(): void;
  /** One receive: resolves with the number of messages. Rejects when the queue is out of reach. */
  tick(options?: { readonly waitMs?: number; readonly signal?: AbortSignal }): Promise<number>;
  /** Resolves when no call is under way. May be started again. */
  stop(): Promise<void>;
  readonly counts: FactsCounts;
}

/** SQS gives at most ten at a time. */
const BATCH = 10;
const WAIT_MS = 20_000;
/** An acknowledgement that was lost brings a message again this late; it is then outdated. */
const LEASE_MS = 30_000;
/** Ten thousand workers that work report 2,000 times a second; a call takes some 20 ms, so that eight read 4,000. */
const MAX_RECEIVERS = 8;
const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 30_000;
const MINUTE_MS = 60_000;

/** A reader, stopped at first. */
export function consumeHeartbeats(options: ConsumeHeartbeatsOptions): HeartbeatConsumer {
  return new Consumer(options);
}

class Consumer implements HeartbeatConsumer {
  readonly #options: ConsumeHeartbeatsOptions;
  readonly #receivers = new Set<Promise<void>>();
  /** Receivers that go on after their present call. */
  #staying = 0;
  readonly #counts = { recorded: 0, outdated: 0, dropped: 0 };
  #running: AbortController | undefined;
  #failures = 0;
  #nextLogAtMs = -Infinity;

  constructor(options: ConsumeHeartbeatsOptions) {
    this.#options = options;
  }

  get counts(): FactsCounts {
    return { ...this.#counts };
  }

  start(): void {
    if (this.#running !== undefined) return;
    this.#running = new AbortController();
    this.#open(this.#running.signal);
  }

  async tick({
    waitMs = 0,
    signal,
  }: { readonly waitMs?: number; readonly signal?: AbortSignal } = {}): Promise<number> {
    const { queue } = this.#options;
    const messages = await queue.receive({
      max: BATCH,
      waitMs,
      leaseMs: LEASE_MS,
      ...(signal === undefined ? {} : { signal }),
    });
    if (messages.length === 0) return 0;
    for (const { body } of messages) this.#take(body);
    await queue.complete(messages.map(({ lease }) => lease));
    return messages.length;
  }

  async stop(): Promise<void> {
    this.#running?.abort('stopped');
    this.#running = undefined;
    await Promise.all(this.#receivers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #take(body: string): void {
    const parsed = parseHeartbeatText(body);
    if (parsed.kind === 'heartbeat') {
      this.#counts[this.#options.reports.record(parsed.value) ? 'recorded' : 'outdated'] += 1;
      return;
    }
    this.#counts.dropped += 1;
    const reason = parsed.kind === 'fault' ? parsed.reason : 'it is no heartbeat';
    const { queue } = this.#options;
    this.#tell(
      () => ({ queue: queue.name, reason, dropped: this.#counts.dropped }),
      'Dropped a message of the facts queue',
    );
  }

  #open(signal: AbortSignal): void {
    this.#staying += 1;
    const receiver = this.#receive(signal).finally(() => this.#receivers.delete(receiver));
    this.#receivers.add(receiver);
  }

  /** One of several while there is much to read; the last one stays and waits. */
  async #receive(signal: AbortSignal): Promise<void> {
    let stays = true;
    while (stays && !signal.aborted) {
      try {
        const count = await this.tick({ waitMs: WAIT_MS, signal });
        this.#failures = 0;
        // Load shows in answers that are half full or more: SQS rarely fills one to the brim.
        if (count * 2 < BATCH) stays = this.#staying === 1;
        else if (this.#staying < MAX_RECEIVERS && !signal.aborted) this.#open(signal);
      } catch (error) {
        stays = this.#staying === 1;
        if (stays && !signal.aborted) await this.#backOff(error, signal);
      }
      if (!stays) this.#staying -= 1;
    }
    if (stays) this.#staying -= 1;
  }

  async #backOff(error: unknown, signal: AbortSignal): Promise<void> {
    const { queue, clock, random = Math.random } = this.#options;
    this.#failures += 1;
    const remedy = isLongshoreError(error, 'queue_missing') ? ': create it, or workers cannot report' : '';
    this.#tell(() => ({ err: error, queue: queue.name }), `Cannot read the facts queue${remedy}`);
    const delayMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** this.#failures) * (0.5 + random() / 2);
    await sleep(delayMs, { clock, signal });
  }

  #tell(fields: () => object, message: string): void {
    const { clock, log } = this.#options;
    if (clock.nowMs() < this.#nextLogAtMs) return;
    this.#nextLogAtMs = clock.nowMs() + MINUTE_MS;
    log.warn(fields(), message);
  }
}
