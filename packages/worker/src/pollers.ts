/**
 * Pollers: receive calls, as many at a time as their messages can be used. One idle long poll when the queue is empty,
 * more under load; back off with jitter while the queue is out of reach.
 */
import { sleep, type Clock } from '@longshore/job';

/** The pollers of one session. */
export interface Pollers {
  /** Also goes on after a `stop`. */
  start(): void;
  /** There may be room for more messages. */
  wake(): void;
  /**
   * Starts no more receives, lets those under way answer for a moment, `withinMs` at most, then aborts them. Resolves
   * when none is left.
   */
  stop(withinMs: number): Promise<void>;
}

/** Options of {@link pollers}. */
export interface PollersOptions {
  /** Receives up to `max` messages and hands them over; resolves with their number. */
  readonly receive: (max: number, signal: AbortSignal) => Promise<number>;
  /** How many messages the next receive shall ask for, given how many those under way ask for; 0 for none. */
  readonly wanted: (requested: number) => number;
  /** How long a stop lets receives under way answer. */
  readonly answerGraceMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onError: (error: unknown, delayMs: number) => void;
}

/** At ten messages a call and 10 ms a call this is 32,000 messages a second, above what one process can handle. */
const MAX_POLLERS = 32;
const MAX_BACKOFF_MS = 20_000;
const FIRST_BACKOFF_MS = 250;

/** Pollers on a receive function. */
export function pollers(options: PollersOptions): Pollers {
  const { receive, wanted, answerGraceMs, clock, random, onError } = options;
  let abort = new AbortController();
  const active = new Set<Promise<void>>();
  let started = false;
  let requested = 0;
  let allowed = 1;
  let failures = 0;

  const wake = (): void => {
    while (started && active.size < allowed) {
      const max = wanted(requested);
      if (max <= 0) return;
      requested += max;
      const poll = once(max).finally(() => {
        active.delete(poll);
        wake();
      });
      active.add(poll);
    }
  };

  const once = async (max: number): Promise<void> => {
    const { signal } = abort;
    try {
      const count = await receive(max, signal);
      requested -= max;
      failures = 0;
      // Load shows in answers that are half full or more: SQS rarely fills one to the brim.
      if (count * 2 >= max) allowed = Math.min(MAX_POLLERS, allowed + 1);
      else if (count === 0) allowed = 1;
    } catch (error) {
      requested -= max;
      allowed = 1;
      failures += 1;
      const delayMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** failures) * (0.5 + random() / 2);
      onError(error, delayMs);
      if (started) await sleep(delayMs, { clock, signal });
    }
  };

  return {
    start() {
      if (started) return;
      started = true;
      abort = new AbortController();
      wake();
    },
    wake,
    async stop(withinMs) {
      started = false;
      const stopped = abort;
      // What a queue sends to a poll that was given up is held until its lease ends, so polls are let to answer for a moment.
      const late = Promise.withResolvers<void>();
      const timer = clock.after(Math.min(answerGraceMs, withinMs), late.resolve);
      const all = Promise.all(active);
      await Promise.race([all, late.promise]);
      timer.cancel();
      stopped.abort('stopped');
      await all;
    },
  };
}
