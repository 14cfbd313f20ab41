/** What a handler is given, made on demand: a handler that reads its payload alone pays for nothing else. */
import { LongshoreError, deterministicId, directiveOf, type JobDefinition } from '@longshore/job';
import type { ObjectStore } from '@longshore/objects';
import type { AdmittedJob } from './admission.ts';
import type { AttemptOptions } from './attempt.ts';
import type { FollowUpOptions, HandlerContext, JobFacts, Logger, OnceClaim } from './handler.ts';

/** The context of one attempt. */
export function jobContext(job: AdmittedJob, options: AttemptOptions): HandlerContext<unknown> {
  return new JobContext(job, options);
}

class JobContext implements HandlerContext<unknown> {
  readonly payload: unknown;
  readonly attempt: number;
  readonly #job: AdmittedJob;
  readonly #options: AttemptOptions;
  #log: Logger | undefined;
  #followUps = 0;

  constructor(job: AdmittedJob, options: AttemptOptions) {
    this.payload = job.payload;
    this.attempt = job.attempt;
    this.#job = job;
    this.#options = options;
  }

  get signal(): AbortSignal {
    return this.#options.cancellation.signal;
  }

  get log(): Logger {
    this.#log ??= this.#options.log();
    return this.#log;
  }

  get job(): JobFacts {
    const { envelope, message } = this.#job;
    return {
      id: envelope.id,
      name: envelope.name,
      version: envelope.version,
      idempotencyKey: envelope.idempotencyKey,
      enqueuedAtMs: envelope.enqueuedAtMs,
      waitedMs: Math.max(0, message.lease.receivedAtMs - message.sentAtMs),
    };
  }

  get objects(): ObjectStore {
    if (this.#options.objects !== undefined) return this.#options.objects;
    throw new LongshoreError(
      'unsupported',
      'This worker has no object store: pass `objects` to createWorker',
    );
  }

  get once(): HandlerContext<unknown>['once'] {
    return (key, effect) => this.#once(key, effect);
  }

  /** A getter, since handlers take `enqueue` out of its context. */
  get enqueue(): HandlerContext<unknown>['enqueue'] {
    return (definition, payload, followUp = {}) => this.#enqueue(definition, payload, followUp);
  }

  #once<Result>(key: string, effect: (claim: OnceClaim) => Promise<Result>): Promise<Result> {
    const { once } = this.#options;
    if (once === undefined)
      throw new LongshoreError(
        'unsupported',
        'This worker cannot run effects once: pass `once` to createWorker, made by createOnce of @longshore/once',
      );
    const { name, idempotencyKey } = this.#job.envelope;
    const record = async (claim: OnceClaim): Promise<Result> => {
      const result = await effect(claim);
      if (directiveOf(result) === undefined) return result;
      throw new LongshoreError(
        'unsupported',
        'An effect that runs once returned a directive: return it from the handler instead',
      );
    };
    // The key of the job, not the id of a delivery: it is the same whenever and however often the job comes.
    return once.once(`${name}/${idempotencyKey}/${key}`, record, { signal: this.signal });
  }

  async #enqueue<Input, Output>(
    definition: JobDefinition<Input, Output>,
    payload: Input,
    followUp: FollowUpOptions,
  ): Promise<void> {
    const { followUps } = this.#options;
    const { envelope } = this.#job;
    if (followUps === undefined) {
      throw new LongshoreError('unsupported', 'This worker cannot enqueue: pass `producer` to createWorker');
    }
    this.#followUps += 1;
    await followUps.enqueue(definition, payload, {
      id: deterministicId(envelope.id, definition.name, followUp.key ?? String(this.#followUps)),
      ...(followUp.delayMs === undefined ? {} : { delayMs: followUp.delayMs }),
      ...(envelope.trace === undefined ? {} : { trace: envelope.trace }),
    });
  }
}
