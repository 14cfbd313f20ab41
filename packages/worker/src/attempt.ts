/**
 * One attempt: the handler with its context, its deadline and its cancellation, to an outcome. Never throws and never
 * runs ahead of the handler: a timeout aborts the signal and waits for the handler to return.
 */
import {
  LongshoreError,
  directiveOf,
  errorDetails,
  nextDelayMs,
  type Clock,
  type JobDefinition,
  type Outcome,
  type TraceContext,
} from '@longshore/job';
import type { ObjectStore } from '@longshore/objects';
import type { AdmittedJob } from './admission.ts';
import type { Cancellation } from './cancellation.ts';
import type { Logger, OnceRunner } from './handler.ts';
import { jobContext } from './job-context.ts';

/** Sends follow-up jobs; a `Producer` satisfies it. */
export interface FollowUpSender {
  enqueue<Input, Output>(
    definition: JobDefinition<Input, Output>,
    payload: Input,
    options: { readonly id: string; readonly delayMs?: number; readonly trace?: TraceContext },
  ): Promise<unknown>;
}

/** What an attempt needs. */
export interface AttemptOptions {
  readonly objects: ObjectStore | undefined;
  readonly followUps: FollowUpSender | undefined;
  readonly once: OnceRunner | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  /** Makes the attempt's logger. */
  readonly log: () => Logger;
  /** Cancelled by the session: lease lost or worker interrupted. */
  readonly cancellation: Cancellation;
}

/** An attempt's outcome, and the error behind it for logs and attempt records. */
export interface AttemptResult {
  readonly outcome: Outcome;
  readonly stack?: string;
  /** What the job depends on is down: no job like it can succeed now. */
  readonly isDependencyDown?: boolean;
}

/** How long a job waits whose dependency is down; the breaker lets nobody in for that long anyway. */
const DEPENDENCY_DELAY_MS = 10_000;
/** How long a job waits whose effect another delivery is just having, where it does not say until when. */
const BUSY_DELAY_MS = 5_000;

/** Runs the handler once. */
export async function runAttempt(job: AdmittedJob, options: AttemptOptions): Promise<AttemptResult> {
  const { clock, cancellation } = options;
  const { timeoutMs } = job.binding.definition;
  const timer = clock.after(timeoutMs, () => {
    const message = `Job "${job.envelope.name}" ran longer than its timeout of ${timeoutMs} ms`;
    cancellation.cancel(
      new LongshoreError('handler_timeout', message, { retryable: true, details: { timeoutMs } }),
    );
  });
  try {
    const result = await job.binding.run(jobContext(job, options));
    if (cancellation.reason?.code === 'lease_lost') return { outcome: { kind: 'lost' } };
    return { outcome: fromResult(result, job, options) };
  } catch (error) {
    return fromError(error, job, options);
  } finally {
    timer.cancel();
  }
}

function fromResult(result: unknown, job: AdmittedJob, options: AttemptOptions): Outcome {
  const directive = directiveOf(result);
  if (directive === undefined) return { kind: 'completed' };
  switch (directive.kind) {
    case 'bury':
      return { kind: 'buried', code: directive.code, reason: directive.reason };
    case 'release':
      return { kind: 'released', delayMs: directive.delayMs, interrupted: false };
    case 'retry':
      return failed('handler_failed', directive.reason, job, options, directive.delayMs);
  }
}

function fromError(error: unknown, job: AdmittedJob, options: AttemptOptions): AttemptResult {
  const cause = options.cancellation.reason;
  if (cause?.code === 'lease_lost') return { outcome: { kind: 'lost' } };
  if (cause?.code === 'interrupted') return { outcome: { kind: 'released', delayMs: 0, interrupted: true } };
  if (cause === undefined && error instanceof LongshoreError) {
    const postponed = postponement(error, options);
    if (postponed !== undefined) return postponed;
  }
  const { code, message, stack } = errorDetails(cause?.code === 'handler_timeout' ? cause : error);
  const final = error instanceof LongshoreError && !error.retryable && cause === undefined;
  const outcome: Outcome = final
    ? { kind: 'buried', code, reason: message }
    : failed(code, message, job, options);
  return stack === undefined ? { outcome } : { outcome, stack };
}

/** Faults that are not the job's: it is given back and no attempt is counted. */
function postponement(error: LongshoreError, { random }: AttemptOptions): AttemptResult | undefined {
  const released = (delayMs: number): Outcome => ({ kind: 'released', delayMs, interrupted: false });
  if (error.code === 'dependency_down' || error.code === 'once_unavailable')
    return { outcome: released(DEPENDENCY_DELAY_MS * (0.5 + random())), isDependencyDown: true };
  if (error.code !== 'once_busy') return undefined;
  const { retryAfterMs } = error.details;
  return { outcome: released(typeof retryAfterMs === 'number' ? retryAfterMs : BUSY_DELAY_MS) };
}

function failed(
  code: string,
  reason: string,
  job: AdmittedJob,
  options: AttemptOptions,
  delayMs?: number,
): Outcome {
  const { retry } = job.binding.definition;
  if (job.attempt >= retry.maxAttempts) {
    return {
      kind: 'buried',
      code: 'attempts_exhausted',
      reason: `Failed ${job.attempt} times, last: ${reason} (${code})`,
    };
  }
  return {
    kind: 'retried',
    code,
    reason,
    delayMs: delayMs ?? nextDelayMs(retry, job.attempt, options.random),
  };
}
