/**
 * Waits for BullMQ's marker, the sorted-set entry that says that a queue has something to take. It blocks on a connection
 * of its own, which all waiting calls of a queue share: one that gives up leaves without disturbing it. A marker that
 * comes when nobody waits any more is put back for others.
 */
import { sleep, systemClock } from '@longshore/job';
import type { Redis } from 'ioredis';
import type { RedisConnectionOptions } from './options.ts';
import { openRedis, SILENCE_MS } from './redis-link.ts';

/** Length of one blocking call. Its connection counts as dead when it says nothing for longer. */
const BLOCK_MS = 2_000;
const RETRY_MS = 250;

/** Options of {@link Doorbell}. */
export interface DoorbellOptions {
  readonly connection: RedisConnectionOptions;
  readonly markerKey: string;
  /** Puts a marker back. */
  readonly giveBack: (score: string, member: string) => Promise<unknown>;
}

/** One queue's marker. */
export class Doorbell {
  readonly #options: DoorbellOptions;
  readonly #redis: Redis;
  readonly #waiting = new Set<() => void>();
  #listening = false;
  #closed = false;

  constructor(options: DoorbellOptions) {
    this.#options = options;
    this.#redis = openRedis(options.connection, { socketTimeout: BLOCK_MS + SILENCE_MS });
    // The next command tells its caller.
    this.#redis.on('error', () => undefined);
  }

  /** Resolves on a marker, after `withinMs`, on abort, or on close. Never rejects. */
  wait(withinMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#closed || signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        this.#waiting.delete(done);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = systemClock.after(Math.max(0, withinMs), done);
      this.#waiting.add(done);
      signal?.addEventListener('abort', done, { once: true });
      if (!this.#listening) void this.#listen();
    });
  }

  close(): void {
    this.#closed = true;
    this.#redis.disconnect();
    this.#wake();
  }

  async #listen(): Promise<void> {
    this.#listening = true;
    while (this.#waiting.size > 0 && !this.#closed) {
      try {
        if (this.#redis.status === 'wait') await this.#redis.connect();
        const marker = await this.#redis.bzpopmin(this.#options.markerKey, BLOCK_MS / 1_000);
        if (marker !== null) await this.#ring(marker);
      } catch {
        // The calls that wait have their own timers, and the other connection says what is wrong.
        await sleep(RETRY_MS);
      }
    }
    this.#listening = false;
  }

  async #ring([, member, score]: readonly [key: string, member: string, score: string]): Promise<void> {
    if (this.#waiting.size > 0) this.#wake();
    else await this.#options.giveBack(score, member);
  }

  #wake(): void {
    for (const waiting of this.#waiting) waiting();
  }
}
