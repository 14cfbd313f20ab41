/**
 * How a call is tried again: few times, after a random wait that doubles, and only while a budget lasts that failures
 * spend and successes refill, so that a fleet does not multiply the load of a service that is down. The figures are
 * those of the AWS SDKs' standard mode: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 */

/** Retries of all calls of one client. */
export interface RetryBudget {
  /** Tokens left. */
  readonly left: number;
  /** How long to wait before the next try, or `undefined` when there shall be none. `attempt` counts from 1. */
  delayMs(attempt: number, kind: 'passing' | 'throttled' | 'timed_out'): number | undefined;
  /** A call succeeded; `attempts` is how often it was tried. */
  succeeded(attempts: number): void;
}

const CAPACITY = 500;
const COST = { passing: 5, throttled: 5, timed_out: 10 } as const;
const MAX_ATTEMPTS = 3;
const FIRST_DELAY_MS = { passing: 50, throttled: 500, timed_out: 50 } as const;
const MAX_DELAY_MS = 20_000;

/** A full budget. */
export function retryBudget(random: () => number): RetryBudget {
  let tokens = CAPACITY;
  return {
    get left() {
      return tokens;
    },
    delayMs(attempt, kind) {
      if (attempt >= MAX_ATTEMPTS || tokens < COST[kind]) return undefined;
      tokens -= COST[kind];
      return random() * Math.min(MAX_DELAY_MS, FIRST_DELAY_MS[kind] * 2 ** (attempt - 1));
    },
    succeeded(attempts) {
      tokens = Math.min(CAPACITY, tokens + (attempts > 1 ? COST.passing : 1));
    },
  };
}
