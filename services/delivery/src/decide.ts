/** What follows from a try: pure, so that every case can be read off a table. */
import type { SendResult } from './destination.ts';
import type { Endpoint, EndpointChange, NextStep } from './store/delivery-store.ts';

/**
 * Before each try of an event, in the words of Standard Webhooks: at once, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h,
 * 24 h; together 75.6 hours.
 */
export const RETRY_SCHEDULE_MS: readonly number[] = [
  0, 5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 50_400_000, 72_000_000, 86_400_000,
];

/** An endpoint to which nothing has come through for so long is disabled: 5 days. */
export const DISABLE_AFTER_MS = 432_000_000;

/** So many failures in a row open the breaker. */
const BREAKER_FAILURES = 5;
/** How long it is open then; twice as long after each failure more. */
const BREAKER_MS = 30_000;
const MAX_BREAKER_MS = 3_600_000;
/** A tenth up or down, so that what failed together does not come again together. */
const JITTER = 0.1;

/** What a decision is made from. */
export interface TryFacts {
  readonly endpoint: Pick<Endpoint, 'failures' | 'failingSinceMs'>;
  /** From 1. */
  readonly attempt: number;
  readonly result: SendResult;
  readonly nowMs: number;
  /** 0 to 1. */
  readonly random: number;
}

/** What becomes of the event for this endpoint, and of the endpoint. */
export interface Decision {
  readonly next: NextStep;
  /** Absent: nothing changes. */
  readonly endpoint?: EndpointChange;
}

/**
 * The next step after a try. Every failure counts against the event's schedule; the breaker is the endpoint's, and what
 * waits for it keeps its tries.
 */
export function decide(facts: TryFacts): Decision {
  const { endpoint, result, nowMs } = facts;
  switch (result.kind) {
    case 'delivered':
      return endpoint.failures === 0 && endpoint.failingSinceMs === undefined
        ? { next: { state: 'delivered' } }
        : {
            next: { state: 'delivered' },
            endpoint: { failures: 0, failingSinceMs: undefined, openUntilMs: 0 },
          };
    case 'gone':
      return {
        next: { state: 'cancelled' },
        endpoint: { state: 'disabled', disabledReason: `The receiver answered ${result.status}: it is gone` },
      };
    case 'failed':
    case 'throttled': {
      const retryAfterMs = result.retryAfterMs ?? 0;
      return {
        next: nextTry(facts, retryAfterMs),
        endpoint: failedEndpoint(endpoint, result.kind === 'throttled', retryAfterMs, nowMs),
      };
    }
  }
}

function nextTry({ attempt, nowMs, random }: TryFacts, retryAfterMs: number): NextStep {
  const delayMs = RETRY_SCHEDULE_MS[attempt];
  if (delayMs === undefined) return { state: 'exhausted' };
  const jittered = delayMs * (1 + JITTER * (2 * random - 1));
  return { state: 'pending', dueAtMs: Math.round(nowMs + Math.max(jittered, retryAfterMs)) };
}

function failedEndpoint(
  endpoint: TryFacts['endpoint'],
  isThrottled: boolean,
  retryAfterMs: number,
  nowMs: number,
): EndpointChange {
  const failingSinceMs = endpoint.failingSinceMs ?? nowMs;
  const failures = endpoint.failures + 1;
  const beyond = failures - BREAKER_FAILURES;
  const breakerMs = beyond < 0 ? 0 : Math.min(BREAKER_MS * 2 ** beyond, MAX_BREAKER_MS);
  const openMs = Math.max(breakerMs, isThrottled ? BREAKER_MS : 0, retryAfterMs);
  const change = { failures, failingSinceMs, openUntilMs: openMs === 0 ? 0 : Math.round(nowMs + openMs) };
  if (nowMs - failingSinceMs < DISABLE_AFTER_MS) return change;
  const days = Math.floor((nowMs - failingSinceMs) / 86_400_000);
  return { ...change, state: 'disabled', disabledReason: `Nothing has come through for ${days} days` };
}
