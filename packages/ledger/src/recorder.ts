/**
 * Records what a process does, off its hot path: counts in memory, one batch every five seconds. Nothing here blocks or
 * fails a job. While the store is down one batch waits as it is and the rest is counted on; what is beyond the bound is
 * dropped, oldest first, and how much that was is recorded once the store is back.
 */
import { randomUUID } from 'node:crypto';
import { LongshoreError, isLongshoreError, systemClock, type Clock, type Timer } from '@longshore/job';
import { Examples } from './examples.ts';
import type { Ledger, LedgerBatch } from './ledger.ts';
import { Tally, plainText, type EndedAttempt } from './tally.ts';

/** What a recorder tells; a worker's logger is one. */
export interface RecorderLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Resident memory of a process, now and at its highest. */
export interface MemoryUse {
  readonly rssBytes: number;
  readonly maxRssBytes: number;
}

/** Options of {@link createRecorder}. */
export interface RecorderOptions {
  /** Stays the caller's: closed by it, after `stop`. */
  readonly ledger: Ledger;
  /** The service whose jobs end in this process. 1 to 200 characters. */
  readonly service: string;
  /** Name of this worker, for people: an ECS task, a container, a host. */
  readonly worker: string;
  /** What runs here: an image's digest, a commit. Default empty. */
  readonly revision?: string;
  /** The service that works on a job that is sent from here. Default: this one. */
  readonly serviceOf?: (job: string) => string | undefined;
  readonly log: RecorderLog;
  /** Mean time between batches; each is a fifth shorter to longer. 100 to 60,000. Default 5,000. */
  readonly flushEveryMs?: number;
  /** Most failed attempts of a batch that are kept one by one, and most buried jobs. 0 to 1,000. Default 10. */
  readonly maxFailures?: number;
  /**
   * Most buckets of ten seconds held in memory, of attempts and of arrivals, of each job type; 100 to 1,000,000. Default
   * 10,000: half a day of one job type, an hour of ten.
   */
  readonly maxBuckets?: number;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Default: of this process. */
  readonly memory?: () => MemoryUse;
}

/** Records one process. Its functions may be passed on by themselves. */
export interface Recorder {
  /** Jobs that a queue has taken. */
  readonly sent: (job: string, count: number) => void;
  /** An attempt that ended. The object must not change afterwards. Never throws. */
  readonly ended: (attempt: EndedAttempt) => void;
  /** Attempts and sends that could not be recorded. */
  readonly dropped: number;
  /** Writes now what is counted. @throws LongshoreError as the ledger's `append`; what failed is tried again later. */
  flush(): Promise<void>;
  /** Writes what is left and ends. Resolves by the deadline; what could not be written by then is counted as dropped. */
  stop(options: { readonly deadlineMs: number }): Promise<void>;
}

const DEFAULT_FLUSH_MS = 5_000;
/** A process that does nothing says that it is alive, and how much memory it has, once a minute. */
const MAX_SILENCE_MS = 60_000;
const DEFAULT_MAX_FAILURES = 10;
const DEFAULT_MAX_BUCKETS = 10_000;
/** About once an hour a process removes what is too old, so that no part of a fleet has to. */
const PRUNE_EVERY_MS = 3_600_000;

/**
 * Makes a recorder and starts it.
 *
 * @throws LongshoreError `invalid_options`, all faults in one message
 * @example
 * ```ts
 * import { createRecorder } from '@longshore/ledger';
 * import { sqliteLedger } from '@longshore/ledger/sqlite';
 * import { jsonLog } from '@longshore/worker';
 *
 * const ledger = sqliteLedger({ path: 'ledger.db' });
 * const recorder = createRecorder({ ledger, service: 'mail', worker: 'mail-1', log: jsonLog() });
 * // createWorker({ onEnded: recorder.ended, … }), createProducer({ onSent: recorder.sent, … })
 * await recorder.stop({ deadlineMs: 2_000 });
 * await ledger.close();
 * ```
 */
export function createRecorder(options: RecorderOptions): Recorder {
  checkOptions(options);
  const recorder = new LedgerRecorder(options);
  recorder.start();
  return recorder;
}

class LedgerRecorder implements Recorder {
  readonly #options: RecorderOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #writer = randomUUID();
  #sequence = 0;
  #tally: Tally;
  readonly #examples: Examples;
  #dropped = 0;
  /** Sent as it is until the store has it: its sequence says whether it is new. */
  #pending: LedgerBatch | undefined;
  #flushing: Promise<void> | undefined;
  #timer: Timer | undefined;
  #flushedAtMs = -Infinity;
  #pruneAtMs: number;
  #isFailing = false;
  #stopped: Promise<void> | undefined;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#pruneAtMs = this.#clock.nowMs() + PRUNE_EVERY_MS * this.#random();
    this.#tally = this.#newTally();
    this.#examples = new Examples(options.maxFailures ?? DEFAULT_MAX_FAILURES, this.#random);
  }

  readonly sent = (job: string, count: number): void => {
    this.#tally.sent(job, count, this.#clock.nowMs());
  };

  readonly ended = (attempt: EndedAttempt): void => {
    this.#tally.ended(attempt);
    this.#examples.offer(attempt);
  };

  get dropped(): number {
    return this.#dropped;
  }

  start(): void {
    const meanMs = this.#options.flushEveryMs ?? DEFAULT_FLUSH_MS;
    this.#timer = this.#clock.after(meanMs * (0.8 + 0.4 * this.#random()), () => void this.#tick());
  }

  async flush(): Promise<void> {
    // What is being written may not hold what was counted since.
    while (this.#flushing !== undefined) await this.#flushing.catch(() => undefined);
    this.#flushing = this.#write().finally(() => {
      this.#flushing = undefined;
    });
    await this.#flushing;
  }

  stop({ deadlineMs }: { readonly deadlineMs: number }): Promise<void> {
    this.#stopped ??= this.#stop(deadlineMs);
    return this.#stopped;
  }

  async #stop(deadlineMs: number): Promise<void> {
    this.#timer?.cancel();
    const late = Promise.withResolvers<void>();
    const timer = this.#clock.after(deadlineMs, late.resolve);
    // A failure is told by `write`.
    await Promise.race([this.flush().catch(() => undefined), late.promise]);
    timer.cancel();
    this.#timer?.cancel();
    const lost = (this.#pending === undefined ? 0 : countOf(this.#pending)) + countOf(this.#tally.rows());
    if (lost === 0) return;
    this.#dropped += lost;
    this.#options.log.warn({ lost, deadlineMs }, 'Stopped before everything was recorded in the ledger');
  }

  async #tick(): Promise<void> {
    const nowMs = (): number => this.#clock.nowMs();
    const isQuiet = this.#pending === undefined && this.#tally.isEmpty;
    if (!isQuiet || nowMs() - this.#flushedAtMs >= MAX_SILENCE_MS) {
      const written = await this.flush().then(
        () => true,
        () => false,
      );
      if (written && nowMs() >= this.#pruneAtMs) await this.#prune();
    }
    if (this.#stopped === undefined) this.start();
  }

  async #prune(): Promise<void> {
    const nowMs = this.#clock.nowMs();
    try {
      const { isDone } = await this.#options.ledger.prune(nowMs);
      if (isDone) this.#pruneAtMs = nowMs + PRUNE_EVERY_MS * (0.5 + this.#random());
    } catch (error) {
      this.#pruneAtMs = nowMs + PRUNE_EVERY_MS;
      this.#options.log.warn({ err: error }, 'Cannot remove old rows of the ledger, trying again in an hour');
    }
  }

  async #write(): Promise<void> {
    if (this.#pending !== undefined) await this.#append(this.#pending);
    const batch = this.#take();
    this.#pending = batch;
    await this.#append(batch);
  }

  async #append(batch: LedgerBatch): Promise<void> {
    try {
      await this.#options.ledger.append(batch);
    } catch (error) {
      this.#failed(batch, error);
      throw error;
    }
    this.#pending = undefined;
    this.#flushedAtMs = this.#clock.nowMs();
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.#options.log.info({ dropped: this.#dropped }, 'The ledger is written again');
  }

  #failed(batch: LedgerBatch, error: unknown): void {
    // What no later try can write would stand before everything that can be.
    const isFinal = isLongshoreError(error) && !error.retryable;
    if (isFinal) {
      this.#pending = undefined;
      this.#dropped += countOf(batch);
    }
    if (this.#isFailing) return;
    this.#isFailing = true;
    const how = isFinal ? 'dropping what it does not take' : 'counting on and trying again';
    this.#options.log.warn({ err: error }, `Cannot write the ledger, ${how}`);
  }

  #take(): LedgerBatch {
    const { service, worker, revision = '', memory = memoryOfProcess } = this.#options;
    const nowMs = this.#clock.nowMs();
    const batch: LedgerBatch = {
      writer: this.#writer,
      sequence: (this.#sequence += 1),
      worker: plainText(worker),
      service,
      revision: plainText(revision),
      ...memory(),
      dropped: this.#dropped,
      atMs: Math.round(nowMs),
      ...this.#tally.rows(),
      jobs: this.#examples.take(nowMs),
    };
    this.#tally = this.#newTally();
    return batch;
  }

  #newTally(): Tally {
    const { service, serviceOf, maxBuckets = DEFAULT_MAX_BUCKETS } = this.#options;
    return new Tally({
      service,
      maxBuckets,
      serviceOf: (job) => serviceOf?.(job) ?? service,
      onDrop: (count) => {
        this.#dropped += count;
      },
    });
  }
}

function countOf({ attempts, arrivals }: Pick<LedgerBatch, 'attempts' | 'arrivals'>): number {
  const ended = attempts.reduce((sum, { count }) => sum + count, 0);
  return ended + arrivals.reduce((sum, { sent }) => sum + sent, 0);
}

function memoryOfProcess(): MemoryUse {
  return {
    rssBytes: process.memoryUsage.rss(),
    maxRssBytes: process.resourceUsage().maxRSS * 1_024,
  };
}

function checkOptions({ service, worker, flushEveryMs, maxFailures, maxBuckets }: RecorderOptions): void {
  const faults: string[] = [];
  const check = (name: string, value: number | undefined, low: number, high: number): void => {
    if (value !== undefined && !(value >= low && value <= high))
      faults.push(`${name} is ${value}, expected ${low} to ${high}`);
  };
  if (service === '' || plainText(service) !== service)
    faults.push(`service is ${JSON.stringify(service)}, expected a name of 1 to 200 characters`);
  if (worker === '') faults.push('worker is empty, expected a name');
  check('flushEveryMs', flushEveryMs, 100, 60_000);
  check('maxFailures', maxFailures, 0, 1_000);
  check('maxBuckets', maxBuckets, 100, 1_000_000);
  if (faults.length > 0) throw new LongshoreError('invalid_options', `Cannot record: ${faults.join('; ')}`);
}
