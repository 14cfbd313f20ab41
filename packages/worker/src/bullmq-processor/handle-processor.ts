/**
 * Runs a BullMQ processor as a handler, unchanged. It is called with a job object that has what processors read; BullMQ's
 * error classes, known by their names, become directives. Nothing of BullMQ is imported.
 */
import { bury, release, systemClock, type Clock, type Directive, type JobDefinition } from '@longshore/job';
import { handle, type HandlerBinding, type HandlerContext, type JobFacts } from '../handler.ts';
import { processorJob, type JobMoves } from './processor-job.ts';

/** A BullMQ processor, by the job type that it takes. */
export type Processor<Job> = (job: Job, token?: string, signal?: AbortSignal) => Promise<unknown>;

/** Options of {@link handleProcessor}. */
export interface ProcessorOptions {
  /** What `job.name` says. Default: the definition's name. */
  readonly name?: string;
  /** What listeners of `progress` did. Default: the progress goes to the log. */
  readonly onProgress?: (job: JobFacts, progress: unknown) => Promise<void>;
  /**
   * What listeners of `completed` did, with the processor's result, which Longshore keeps nowhere. Runs before the job is
   * acknowledged: a rejection is a failed attempt.
   */
  readonly onCompleted?: (job: JobFacts, returnValue: unknown) => Promise<void>;
  /** Reads `moveToDelayed`'s time. Default: the system's. */
  readonly clock?: Clock;
}

/** What BullMQ's limiter would have told: its time is not on the error. */
const RATE_LIMIT_MS = 1_000;
/** SQS holds a message for 12 hours at most; a processor that comes back earlier moves its job again. */
const MAX_DELAY_MS = 39_600_000;
/** BullMQ's lock: leases are the worker's business, so the token is for show. */
const TOKEN = 'longshore';

/**
 * Binds a BullMQ processor to a job definition. A rejection is a failed attempt by the definition's retry policy,
 * `UnrecoverableError` buries the job, `moveToDelayed` with `DelayedError` and `RateLimitError` give it back without an
 * attempt. What a processor cannot have here (children, `updateData`) throws `unsupported` with a remedy.
 *
 * @example
 * ```ts
 * import { defineJob } from '@longshore/job';
 * import { createWorker } from '@longshore/worker';
 * import { bullmqJobs, handleProcessor } from '@longshore/worker/bullmq-processor';
 * import type { Queue } from '@longshore/queue';
 * import type { Job } from 'bullmq';
 * import { z } from 'zod';
 *
 * // As it was.
 * async function sendMail(job: Job<{ to: string }>): Promise<void> {
 *   await job.updateProgress(50);
 * }
 *
 * const sendMailJob = defineJob({ name: 'send-mail', schema: z.object({ to: z.string() }), retry: { maxAttempts: 3 } });
 *
 * export function mailWorker(queue: Queue) {
 *   return createWorker({
 *     queue,
 *     slots: 10,
 *     handlers: [handleProcessor(sendMailJob, sendMail, { name: 'sendMail' })],
 *     decoders: [bullmqJobs({ sendMail: sendMailJob })], // what producers still add with BullMQ
 *   });
 * }
 * ```
 */
export function handleProcessor<Input, Output, Job extends { readonly data: Output }>(
  definition: JobDefinition<Input, Output>,
  processor: Processor<Job>,
  options: ProcessorOptions = {},
): HandlerBinding {
  const clock = options.clock ?? systemClock;
  return handle(definition, async (context) => {
    const moves: JobMoves = { delayedUntilMs: undefined };
    const { name = definition.name } = options;
    const job = processorJob(context, {
      name,
      retry: definition.retry,
      onProgress: options.onProgress,
      moves,
    });
    let returnValue: unknown;
    try {
      // The job has what processors use of a BullMQ job; the rest throws when it is touched.
      returnValue = await processor(job as unknown as Job, TOKEN, context.signal);
    } catch (error) {
      const directive = directiveFor(error, moves, clock);
      if (directive !== undefined) return directive;
      throw error;
    }
    if (moves.delayedUntilMs !== undefined) return delayed(moves.delayedUntilMs, clock);
    await completed(context, options, returnValue);
    return returnValue;
  });
}

async function completed(
  { job }: HandlerContext<unknown>,
  { onCompleted }: ProcessorOptions,
  returnValue: unknown,
): Promise<void> {
  await onCompleted?.(job, returnValue);
}

function directiveFor(error: unknown, moves: JobMoves, clock: Clock): Directive | undefined {
  if (isOfClass(error, 'UnrecoverableError')) return bury('unrecoverable', messageOf(error));
  if (isOfClass(error, 'DelayedError')) return delayed(moves.delayedUntilMs ?? clock.nowMs(), clock);
  if (isOfClass(error, 'WaitingError')) return release();
  if (isOfClass(error, 'RateLimitError')) return release({ delayMs: RATE_LIMIT_MS });
  return undefined;
}

function delayed(untilMs: number, clock: Clock): Directive {
  return release({ delayMs: Math.min(MAX_DELAY_MS, Math.max(0, untilMs - clock.nowMs())) });
}

/** By name, along the prototypes: the class may be a subclass, or come from any copy of BullMQ. */
function isOfClass(error: unknown, name: string): error is Error {
  for (let each: unknown = error; each instanceof Object; each = Object.getPrototypeOf(each))
    if (Object.hasOwn(each, 'constructor') && each.constructor.name === name) return true;
  return error instanceof Error && error.name === name;
}

function messageOf(error: Error): string {
  return error.message === '' ? error.name : error.message;
}
