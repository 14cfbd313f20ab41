/** When a failed job runs again: exponential backoff with jitter, pure in its inputs. */
import { LongshoreError } from './error.ts';

/** How often and how soon a failed job is tried again. Interruptions and crashes of the worker are no attempts. */
export interface RetryPolicy {
  /** Attempts in all, the first included. At least 1. */
  readonly maxAttempts: number;
  /** Delay before the second attempt. */
  readonly baseDelayMs: number;
  /** Ceiling of the delay. SQS holds a message back for 12 hours at most. */
  readonly maxDelayMs: number;
  /** `equal`: uniform between half the delay and the delay, so that jobs that failed together do not return together. */
  readonly jitter: 'equal' | 'none';
}

/** Five attempts over about half a minute: long enough for a restart of a dependency, short enough to be seen. */
export const DEFAULT_RETRY: RetryPolicy = {
  maxAttempts: 5,
  baseDelayMs: 1_000,
  maxDelayMs: 900_000,
  jitter: 'equal',
};

/** SQS refuses a visibility timeout above 12 hours. */
const DELAY_CEILING_MS = 43_200_000;

/** The default policy with overrides, checked. @throws LongshoreError `invalid_options`, all faults in one message. */
export function retryPolicy(overrides: Partial<RetryPolicy> = {}): RetryPolicy {
  const policy = { ...DEFAULT_RETRY, ...overrides };
  const faults: string[] = [];
  if (!Number.isInteger(policy.maxAttempts) || policy.maxAttempts < 1) {
    faults.push(`maxAttempts is ${policy.maxAttempts}, expected a whole number from 1`);
  }
  if (!(policy.baseDelayMs >= 0)) faults.push(`baseDelayMs is ${policy.baseDelayMs}, expected 0 or more`);
  if (!(policy.maxDelayMs >= policy.baseDelayMs && policy.maxDelayMs <= DELAY_CEILING_MS)) {
    faults.push(`maxDelayMs is ${policy.maxDelayMs}, expected from baseDelayMs to ${DELAY_CEILING_MS}`);
  }
  if (faults.length > 0)
    throw new LongshoreError('invalid_options', `Cannot use retry policy: ${faults.join('; ')}`);
  return policy;
}

/**
 * Delay before the next attempt after `failures` failed ones (from 1): `baseDelayMs · 2^(failures − 1)`, capped, with
 * equal jitter (half fixed, half random; "Exponential Backoff And Jitter", AWS Architecture Blog).
 */
export function nextDelayMs(
  policy: RetryPolicy,
  failures: number,
  random: () => number = Math.random,
): number {
  const delayMs = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (failures - 1));
  return Math.round(policy.jitter === 'none' ? delayMs : delayMs / 2 + (delayMs / 2) * random());
}
