/**
 * Calls of one group of ECS actions, at a bounded rate: a token bucket like the one that ECS itself keeps per account and
 * Region (API reference, "Request throttling for the Amazon ECS API"), but smaller, so that others find room in theirs.
 *
 * Urgent calls go first. A call that ECS throttles waits by itself, with jitter, while the others go on; a call that finds
 * no place by its deadline fails, and whoever wanted it asks again at the next tick.
 */
import { LongshoreError, type Clock, type Timer } from '@longshore/job';
import { isThrottled } from './ecs-fault.ts';

/** A rate. */
export interface CallRate {
  /** Calls that may be made at once after a quiet time. From 1. */
  readonly burst: number;
  readonly perSecond: number;
}

/** Options of {@link callQueue}. */
export interface CallQueueOptions {
  readonly rate: CallRate;
  /** Calls under way at a time. */
  readonly concurrency: number;
  /** Longest time that a call waits for its turn, all tries together. */
  readonly patienceMs: number;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Calls waiting for their turn. */
export interface CallQueue {
  /** @throws LongshoreError `target_unavailable`, retryable, when there was no turn in time; whatever the call throws. */
  run<Result>(isUrgent: boolean, call: () => Promise<Result>): Promise<Result>;
}

interface Waiting {
  readonly isUrgent: boolean;
  readonly call: () => Promise<void>;
  readonly fail: (error: unknown) => void;
  readonly deadlineMs: number;
  readonly tries: number;
  readonly notBeforeMs: number;
  /** Why ECS refused last time. */
  readonly refusal?: unknown;
}

const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 5_000;

/** A queue without calls and with a full bucket. */
export function callQueue(options: CallQueueOptions): CallQueue {
  const queue = new Queue(options);
  return {
    run: (isUrgent, call) =>
      new Promise((resolve, reject) => {
        queue.add(isUrgent, async () => resolve(await call()), reject);
      }),
  };
}

class Queue {
  readonly #options: CallQueueOptions;
  #waiting: Waiting[] = [];
  #running = 0;
  #tokens: number;
  #filledAtMs: number;
  #timer: Timer | undefined;

  constructor(options: CallQueueOptions) {
    this.#options = options;
    this.#tokens = options.rate.burst;
    this.#filledAtMs = options.clock.nowMs();
  }

  add(isUrgent: boolean, call: () => Promise<void>, fail: (error: unknown) => void): void {
    const nowMs = this.#options.clock.nowMs();
    const deadlineMs = nowMs + this.#options.patienceMs;
    this.#waiting.push({ isUrgent, call, fail, deadlineMs, tries: 0, notBeforeMs: nowMs });
    this.#pump();
  }

  #pump(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const nowMs = this.#options.clock.nowMs();
    this.#refill(nowMs);
    this.#giveUp(nowMs);
    while (this.#running < this.#options.concurrency && this.#tokens >= 1) {
      const next = this.#take(nowMs);
      if (next === undefined) break;
      this.#tokens -= 1;
      void this.#call(next);
    }
    this.#wakeLater(nowMs);
  }

  #take(nowMs: number): Waiting | undefined {
    const ready = this.#waiting.filter(({ notBeforeMs }) => notBeforeMs <= nowMs);
    const next = ready.find(({ isUrgent }) => isUrgent) ?? ready[0];
    if (next !== undefined) this.#waiting = this.#waiting.filter((each) => each !== next);
    return next;
  }

  async #call(entry: Waiting): Promise<void> {
    this.#running += 1;
    try {
      await entry.call();
    } catch (error) {
      if (isThrottled(error)) this.#again(entry, error);
      else entry.fail(error);
    } finally {
      this.#running -= 1;
      this.#pump();
    }
  }

  /** The bucket of the account is empty, whoever emptied it: ours is as well. */
  #again(entry: Waiting, error: unknown): void {
    const { clock, random } = this.#options;
    this.#tokens = 0;
    const nowMs = clock.nowMs();
    this.#filledAtMs = nowMs;
    const limitMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** entry.tries);
    const notBeforeMs = nowMs + limitMs * (0.5 + random() / 2);
    this.#waiting.push({ ...entry, tries: entry.tries + 1, notBeforeMs, refusal: error });
  }

  #giveUp(nowMs: number): void {
    const late = this.#waiting.filter(
      (entry) => nowMs >= entry.deadlineMs || entry.notBeforeMs > entry.deadlineMs,
    );
    this.#waiting = this.#waiting.filter((entry) => !late.includes(entry));
    for (const { fail, refusal } of late) {
      fail(
        refusal ??
          new LongshoreError(
            'target_unavailable',
            `No turn for a call to ECS within ${this.#options.patienceMs} ms; it is asked again at the next tick`,
            { retryable: true },
          ),
      );
    }
  }

  #refill(nowMs: number): void {
    const { burst, perSecond } = this.#options.rate;
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#filledAtMs) / 1_000) * perSecond);
    this.#filledAtMs = nowMs;
  }

  #wakeLater(nowMs: number): void {
    if (this.#waiting.length === 0) return;
    const tokenMs = ((1 - this.#tokens) / this.#options.rate.perSecond) * 1_000;
    const readyMs = Math.min(...this.#waiting.map(({ notBeforeMs }) => notBeforeMs)) - nowMs;
    const deadlineMs = Math.min(...this.#waiting.map((entry) => entry.deadlineMs)) - nowMs;
    // With all places taken, the end of a call wakes it.
    const turnMs = this.#running < this.#options.concurrency ? Math.max(tokenMs, readyMs) : deadlineMs;
    this.#timer = this.#options.clock.after(Math.max(1, Math.ceil(Math.min(turnMs, deadlineMs))), () =>
      this.#pump(),
    );
  }
}
