/** What a handler is given and may answer, and how it is bound to its job definition. */
import type { JobDefinition } from '@longshore/job';
import type { ObjectStore } from '@longshore/objects';

/** The logger that the worker and its handlers use; pino's interface, as far as it is used. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Logger;
}

/** Facts about the job that a handler runs. */
export interface JobFacts {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly idempotencyKey: string;
  readonly enqueuedAtMs: number;
  /** How long the job waited in the queue before this attempt. */
  readonly waitedMs: number;
}

/** Options of a follow-up job. */
export interface FollowUpOptions {
  /**
   * Tells apart several follow-ups of the same name. The id of a follow-up is derived from the job, its name and this
   * key, so that a second run of the handler enqueues nothing new. Default: the order of the calls.
   */
  readonly key?: string;
  readonly delayMs?: number;
}

/** What an effect is given that runs once. */
export interface OnceClaim {
  /** Grows by one each time that the key changes hands: a store that refuses lower fences shuts out late writers. */
  readonly fence: number;
  /** Aborts when the claim is lost, and with the handler's own signal. */
  readonly signal: AbortSignal;
}

/** Runs effects once per key; `createOnce` of `@longshore/once` makes one. */
export interface OnceRunner {
  once<Result>(
    key: string,
    effect: (claim: OnceClaim) => Promise<Result>,
    options: { readonly signal: AbortSignal },
  ): Promise<Result>;
}

/** What a handler works with. */
export interface HandlerContext<Payload> {
  readonly payload: Payload;
  readonly job: JobFacts;
  /** Failed attempts before this one plus 1. Interruptions and deploys do not count. */
  readonly attempt: number;
  /**
   * Aborts when the attempt's time is over (`handler_timeout`), the lease is lost (`lease_lost`) or the worker must stop
   * (`interrupted`); `signal.reason` is the `LongshoreError`. The slot stays taken until the handler returns.
   */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** The worker's object store. @throws LongshoreError `unsupported` on access when the worker has none. */
  readonly objects: ObjectStore;
  /**
   * Runs an effect once for this job and this key, and records what it returns as JSON: a later delivery of the job gets
   * the recorded result. While another delivery has the effect, the job is given back and no attempt is counted.
   *
   * @throws LongshoreError `unsupported` when the worker has no `once`; what the effect throws, which is not recorded
   */
  once<Result>(key: string, effect: (claim: OnceClaim) => Promise<Result>): Promise<Result>;
  /** Sends a follow-up job; resolves when the queue has it, so before this job is completed. */
  enqueue<Input, Output>(
    definition: JobDefinition<Input, Output>,
    payload: Input,
    options?: FollowUpOptions,
  ): Promise<void>;
}

/**
 * A handler. It resolves with a result, or with a directive (`bury`, `retry`, `release`); a rejection follows the retry
 * policy.
 */
export type Handler<Payload> = (context: HandlerContext<Payload>) => Promise<unknown>;

/** A job definition with its handler, payload type erased. Made by {@link handle}. */
export interface HandlerBinding {
  readonly definition: JobDefinition;
  readonly run: Handler<unknown>;
}

/** Binds a handler to its job definition. */
export function handle<Input, Output>(
  definition: JobDefinition<Input, Output>,
  run: Handler<Output>,
): HandlerBinding {
  // The worker calls `run` only with payloads that this very definition has parsed.
  return { definition: definition as unknown as JobDefinition, run: run as Handler<unknown> };
}
