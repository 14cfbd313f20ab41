/**
 * A worker: takes messages from one queue and runs handlers in slots. Configuration, lifecycle and figures; what is
 * alive in one run is the session's.
 */
import {
  LongshoreError,
  isLongshoreError,
  systemClock,
  type Clock,
  type JobDefinition,
} from '@longshore/job';
import type { ObjectStore } from '@longshore/objects';
import type { Queue } from '@longshore/queue';
import type { ForeignDecoder } from './admission.ts';
import type { FollowUpSender } from './attempt.ts';
import { memoryAttemptStore, objectAttemptStore } from './attempt-store.ts';
import type { HandlerBinding, Logger, OnceRunner } from './handler.ts';
import { jsonLog } from './json-log.ts';
import { metrics } from './metrics.ts';
import { Session } from './session.ts';
import type { FinishedAttempt, SessionOptions } from './session-options.ts';
import type { TaskProtection } from './task-protection.ts';
import { workerFigures, type JobTypeStats } from './worker-figures.ts';

/** Options of {@link createWorker}. */
export interface WorkerOptions {
  readonly queue: Queue;
  /** One per job definition that travels on the queue; made by `handle`. */
  readonly handlers: readonly HandlerBinding[];
  /** For handlers, claim checks and attempt records. Without it, attempts are counted per process only. */
  readonly objects?: ObjectStore;
  /** Sends follow-up jobs of handlers. */
  readonly producer?: FollowUpSender;
  /** For `once` in handlers; made by `createOnce` of `@longshore/once`. */
  readonly once?: OnceRunner;
  /** Keeps scale-in and deployments from stopping this task while it has long jobs; see `@longshore/worker/ecs`. */
  readonly protection?: TaskProtection;
  /**
   * Jobs with a longer `timeoutMs` run only while `protection` holds, and are given back where it is refused. Default
   * 120,000: what Fargate waits at most between SIGTERM and SIGKILL, so shorter jobs end in a drain.
   */
  readonly protectAboveMs?: number;
  /** Jobs at a time. 1 to 1,000. Default 1: raise it for handlers that wait more than they compute. */
  readonly slots?: number;
  /**
   * Most messages taken beyond the slots, so that a free slot need not wait for a call. How many are taken follows from
   * how long handlers take: what starts within a quarter of a second. Default: as many as slots, at least 20; 0 on FIFO
   * queues.
   */
  readonly prefetch?: number;
  /** Lease on a message; kept up while its job runs. 1 s to 12 h. Default 30 s: how long a crash holds a job up. */
  readonly leaseMs?: number;
  /** Length of a long poll, at most 20 s (SQS). Default 20 s. */
  readonly waitMs?: number;
  /** How long an acknowledgement may wait for company. Default 200 ms; 0 on FIFO queues. A crash re-runs what waited. */
  readonly completeLingerMs?: number;
  /** How long jobs that this worker does not know are put back before they are buried. Default 1 h: a slow rolling deploy. */
  readonly unknownJobGraceMs?: number;
  /** How often a worker may die with a job, the last times alone with it, before it is buried as `crashed`. Default 5. */
  readonly maxCrashes?: number;
  /** Readers of messages that Longshore did not enqueue, S3 events for instance. */
  readonly decoders?: readonly ForeignDecoder[];
  readonly log?: Logger;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Called with every attempt that ended, and with messages settled without one; `ended` of a ledger's recorder. */
  readonly onEnded?: (attempt: FinishedAttempt) => void;
  /** Called once when the worker can go on no longer (its lease thread died); stop it and exit. Default: logs. */
  readonly onFatal?: (error: Error) => void;
}

/** What a worker says of itself. */
export interface WorkerStats {
  /** `paused` from `pause` to `resume`, whatever is still running; a worker that is stopped or stopping says that. */
  readonly state: 'stopped' | 'running' | 'paused' | 'draining';
  readonly slots: number;
  readonly busy: number;
  readonly completed: number;
  readonly failed: number;
  readonly buried: number;
  /** Exponentially weighted mean of handler durations; absent before the first. */
  readonly meanServiceMs?: number;
  /**
   * Longest time in queue among the messages received in the last 15 to 30 seconds for the first time; those that come
   * again do not count. Absent when there was none.
   */
  readonly oldestWaitMs?: number;
  /** Figures by job type, of types that were seen. */
  readonly jobs: readonly JobTypeStats[];
  /** Whether scale-in and deployments spare this task now; `false` without `protection`. */
  readonly isProtected: boolean;
  /** End of the first receive call that succeeded, epoch ms: since then the worker is ready. */
  readonly readyAtMs?: number;
  /** End of the last receive call that succeeded, epoch ms. */
  readonly lastReceiveAtMs?: number;
}

/** A worker. `start` and `stop` are idempotent. */
export interface Worker extends AsyncDisposable {
  start(): void;
  /**
   * Drains: takes no new work at once, lets running jobs finish for 80 % of the deadline, then interrupts them, gives
   * back what is left (no attempt is counted) and flushes acknowledgements. Resolves within about the deadline.
   */
  stop(options: { readonly deadlineMs: number }): Promise<void>;
  /**
   * Takes no more work until `resume`: receives no more, gives back what has not begun, and finishes what has. Works
   * before `start` too, and again and again. A stop, paused or not, is the same.
   */
  pause(): void;
  /** Takes work again. Does nothing on a worker that is not paused. */
  resume(): void;
  /**
   * One step on a worker that is not started: receives once and runs what came to its end. Resolves with the number of
   * messages, which is 0 while paused.
   */
  tick(options?: { readonly waitMs?: number }): Promise<number>;
  stats(): WorkerStats;
  /** Prometheus text. */
  metricsText(): string;
}

/** Two full receives of SQS: one is used up while the next is under way. */
const MIN_PREFETCH = 20;

/**
 * Makes a worker.
 *
 * @throws LongshoreError `invalid_options`, all faults in one message.
 * @example
 * ```ts
 * import { defineJob } from '@longshore/job';
 * import { memoryQueue } from '@longshore/queue/memory';
 * import { createWorker, handle } from '@longshore/worker';
 * import { z } from 'zod';
 *
 * const greet = defineJob({ name: 'greet', schema: z.object({ name: z.string() }) });
 * const worker = createWorker({
 *   queue: memoryQueue({ name: 'greetings' }),
 *   handlers: [handle(greet, async ({ payload, log }) => log.info({}, `Hello ${payload.name}`))],
 * });
 * await worker.tick();
 * ```
 */
export function createWorker(options: WorkerOptions): Worker {
  return new QueueWorker(options);
}

class QueueWorker implements Worker {
  readonly #options: SessionOptions;
  #session: Session | undefined;
  #stopped: Promise<void> | undefined;
  readonly #figures = workerFigures();
  #isPaused = false;

  constructor(options: WorkerOptions) {
    const { queue, objects, clock = systemClock, log = jsonLog({ fields: { name: 'longshore' } }) } = options;
    this.#options = {
      queue,
      objects,
      clock,
      log,
      bindings: bindingsByName(options),
      followUps: options.producer,
      once: options.once,
      protection: options.protection,
      protectAboveMs: options.protectAboveMs ?? 120_000,
      attempts: objects === undefined ? memoryAttemptStore() : objectAttemptStore(objects, queue.name),
      decoders: options.decoders ?? [],
      slots: options.slots ?? 1,
      prefetch:
        options.prefetch ?? (queue.capabilities.fifo ? 0 : Math.max(MIN_PREFETCH, options.slots ?? 1)),
      leaseMs: options.leaseMs ?? 30_000,
      waitMs: options.waitMs ?? 20_000,
      completeLingerMs: options.completeLingerMs ?? 200,
      unknownJobGraceMs: options.unknownJobGraceMs ?? 3_600_000,
      maxCrashes: options.maxCrashes ?? 5,
      random: options.random ?? Math.random,
      metrics: metrics(queue.name),
      meanServiceMs: () => this.#figures.meanServiceMs,
      onReceived: (messages) => this.#figures.received(messages, clock.nowMs()),
      onAdmitted: (job, { message, arrivedAtMs }) => this.#figures.admitted(job, message, arrivedAtMs),
      onReceiveError: (error, delayMs) => {
        const code = isLongshoreError(error) ? error.code : 'queue_unavailable';
        log.warn({ err: error, code, delayMs: Math.round(delayMs) }, 'Cannot receive, trying again');
      },
      onOutcome: outcomeListener((finished) => this.#figures.finished(finished), options.onEnded, log),
      onFatal:
        options.onFatal ??
        ((error) => log.error({ err: error }, 'The worker cannot keep its leases any more')),
    };
    checkOptions(this.#options);
  }

  start(): void {
    if (this.#session !== undefined) return;
    this.#session = new Session(this.#options);
    if (this.#isPaused) this.#session.pause();
    else this.#session.start();
  }

  pause(): void {
    this.#isPaused = true;
    this.#session?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#session?.resume();
  }

  async stop({ deadlineMs }: { readonly deadlineMs: number }): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    this.#stopped ??= session.stop(deadlineMs).finally(() => {
      this.#session = undefined;
      this.#stopped = undefined;
    });
    await this.#stopped;
  }

  async tick({ waitMs = 0 }: { readonly waitMs?: number } = {}): Promise<number> {
    if (this.#session !== undefined) {
      throw new LongshoreError(
        'invalid_options',
        'Cannot tick a worker that is started: use start and stop, or tick alone',
      );
    }
    if (this.#isPaused) return 0;
    const session = new Session(this.#options);
    try {
      return await session.step(waitMs);
    } finally {
      await session.stop(0);
    }
  }

  stats(): WorkerStats {
    const { slots, protection, clock } = this.#options;
    const { counts, meanServiceMs, lastReceiveAtMs, readyAtMs } = this.#figures;
    const nowMs = clock.nowMs();
    const oldestWaitMs = this.#figures.oldestWaitMs(nowMs);
    return {
      state: this.#state(),
      slots,
      busy: this.#session?.busy ?? 0,
      ...counts,
      jobs: this.#figures.jobs(nowMs),
      isProtected: protection?.state === 'protected',
      ...(meanServiceMs === undefined ? {} : { meanServiceMs }),
      ...(oldestWaitMs === undefined ? {} : { oldestWaitMs }),
      ...(lastReceiveAtMs === undefined ? {} : { lastReceiveAtMs }),
      ...(readyAtMs === undefined ? {} : { readyAtMs }),
    };
  }

  metricsText(): string {
    const { metrics: all, slots, protection } = this.#options;
    return all.render({
      busy: this.#session?.busy ?? 0,
      isPaused: this.#isPaused,
      held: this.#session?.held ?? 0,
      slots,
      breaker: this.#session?.breaker ?? { state: 'closed', openings: 0 },
      protection,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop({ deadlineMs: 10_000 });
  }

  #state(): WorkerStats['state'] {
    if (this.#session === undefined) return 'stopped';
    if (this.#stopped !== undefined) return 'draining';
    return this.#isPaused ? 'paused' : 'running';
  }
}

/** What listens to a worker must not fail its jobs. */
function outcomeListener(
  own: (finished: FinishedAttempt) => void,
  foreign: WorkerOptions['onEnded'],
  log: Logger,
): (finished: FinishedAttempt) => void {
  if (foreign === undefined) return own;
  return (finished) => {
    own(finished);
    try {
      foreign(finished);
    } catch (error) {
      log.error({ err: error, job: finished.job }, 'onEnded has thrown; the job is settled nevertheless');
    }
  };
}

function bindingsByName({ handlers }: WorkerOptions): ReadonlyMap<string, HandlerBinding> {
  const bindings = new Map<string, HandlerBinding>();
  for (const binding of handlers) {
    const { name }: JobDefinition = binding.definition;
    if (bindings.has(name))
      throw new LongshoreError('invalid_options', `Cannot create worker: job "${name}" has two handlers`);
    bindings.set(name, binding);
  }
  if (bindings.size === 0)
    throw new LongshoreError('invalid_options', 'Cannot create worker: pass at least one handler');
  return bindings;
}

function checkOptions(options: SessionOptions): void {
  const faults: string[] = [];
  const check = (key: keyof SessionOptions, low: number, high: number): void => {
    const value: unknown = options[key];
    if (typeof value === 'number' && value >= low && value <= high) return;
    faults.push(`${key} is ${JSON.stringify(value)}, expected ${low} to ${high}`);
  };
  check('slots', 1, 1_000);
  check('prefetch', 0, 1_000);
  check('protectAboveMs', 0, 43_200_000);
  check('leaseMs', 1_000, 43_200_000);
  check('waitMs', 0, 20_000);
  check('completeLingerMs', 0, options.leaseMs / 3);
  check('unknownJobGraceMs', 0, 14 * 86_400_000);
  check('maxCrashes', 1, 1_000);
  if (!Number.isInteger(options.slots)) faults.push(`slots is ${options.slots}, expected a whole number`);
  if (faults.length > 0)
    throw new LongshoreError('invalid_options', `Cannot create worker: ${faults.join('; ')}`);
}
