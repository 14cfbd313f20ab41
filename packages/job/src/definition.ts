/**
 * A job definition: the name of a kind of work, the schema of its payload, and how it is retried.
 *
 * The same definition types the producer and the handler. The payload is parsed by the schema on both sides.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { LongshoreError } from './error.ts';
import { retryPolicy, type RetryPolicy } from './retry-policy.ts';

/**
 * What a job takes from its worker while it runs. A job that is heavier than its whole worker runs there alone.
 */
export interface JobCost {
  /** Slots, 1 to 1,000. Default 1: more for a job that keeps several cores busy. */
  readonly slots: number;
  /** Memory at its peak beyond what the idle worker has, 0 to 16,777,216 MiB. Default 0: little, or not known. */
  readonly memoryMiB: number;
}

/** Options of {@link defineJob}. */
export interface JobOptions<Schema extends StandardSchemaV1> {
  /** Unique in the fleet: lower-case words joined by hyphens, up to 80 characters. */
  readonly name: string;
  /** Payload schema from any Standard Schema library (zod, valibot, arktype). Input is enqueued, output is handled. */
  readonly schema: Schema;
  /** Payload version, from 1. Raise it when old workers could not read new payloads. Default 1. */
  readonly version?: number;
  /** Older versions that the schema still reads. Default: none. */
  readonly accepts?: readonly number[];
  /** Overrides of the default retry policy. */
  readonly retry?: Partial<RetryPolicy>;
  /** How long one attempt may take before its `signal` aborts. Default 15 minutes. */
  readonly timeoutMs?: number;
  /** What one job takes from its worker. Default: one slot, and no memory to speak of. */
  readonly cost?: Partial<JobCost>;
  /** The key under which this job's effects happen once. Default: the job id. */
  readonly idempotencyKey?: (payload: StandardSchemaV1.InferOutput<Schema>) => string;
}

/** A kind of work. `Input` is what producers pass, `Output` what handlers get. */
export interface JobDefinition<Input = unknown, Output = unknown> {
  readonly name: string;
  readonly version: number;
  readonly accepts: readonly number[];
  readonly schema: StandardSchemaV1<Input, Output>;
  readonly retry: RetryPolicy;
  readonly timeoutMs: number;
  readonly cost: JobCost;
  readonly idempotencyKey: ((payload: Output) => string) | undefined;
}

/** The payload type that handlers of a definition get. */
export type PayloadOf<Definition> =
  Definition extends JobDefinition<infer _Input, infer Output> ? Output : never;

/** Long enough for the slow work that queues are for, short enough that a stuck handler is noticed. */
const DEFAULT_TIMEOUT_MS = 900_000;
/** As most jobs are: a slot's worth of work, in memory that nobody notices. */
const DEFAULT_COST: JobCost = { slots: 1, memoryMiB: 0 };
/** 16 TiB, above any machine: what is beyond was meant as bytes. */
const MAX_MEMORY_MIB = 16_777_216;
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/**
 * Defines a kind of job.
 *
 * @throws LongshoreError `invalid_options`, all faults in one message.
 * @example
 * ```ts
 * import { defineJob } from '@longshore/job';
 * import { z } from 'zod';
 *
 * export const resizeImage = defineJob({
 *   name: 'resize-image',
 *   schema: z.object({ key: z.string(), widthPixels: z.number().int().positive() }),
 * });
 * ```
 */
export function defineJob<Schema extends StandardSchemaV1>(
  options: JobOptions<Schema>,
): JobDefinition<StandardSchemaV1.InferInput<Schema>, StandardSchemaV1.InferOutput<Schema>> {
  const { name, version = 1, accepts = [], timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const faults: string[] = [];
  if (!NAME.test(name) || name.length > 80) {
    faults.push(`name is "${name}", expected lower-case words joined by hyphens, up to 80 characters`);
  }
  for (const number of [version, ...accepts]) {
    if (!Number.isInteger(number) || number < 1)
      faults.push(`version is ${number}, expected a whole number from 1`);
  }
  if (!(timeoutMs > 0 && timeoutMs <= 43_200_000)) {
    faults.push(
      `timeoutMs is ${timeoutMs}, expected up to 43200000 (SQS holds a message for 12 hours at most)`,
    );
  }
  const cost = { ...DEFAULT_COST, ...options.cost };
  faults.push(...costFaults(cost));
  if (faults.length > 0)
    throw new LongshoreError('invalid_options', `Cannot define job "${name}": ${faults.join('; ')}`);
  return Object.freeze({
    name,
    version,
    accepts,
    schema: options.schema,
    retry: retryPolicy(options.retry),
    timeoutMs,
    cost: Object.freeze(cost),
    idempotencyKey: options.idempotencyKey,
  });
}

function costFaults({ slots, memoryMiB }: JobCost): string[] {
  const faults: string[] = [];
  if (!Number.isInteger(slots) || slots < 1 || slots > 1_000)
    faults.push(`cost.slots is ${slots}, expected a whole number from 1 to 1000`);
  if (!(memoryMiB >= 0 && memoryMiB <= MAX_MEMORY_MIB))
    faults.push(`cost.memoryMiB is ${memoryMiB}, expected 0 to ${MAX_MEMORY_MIB}`);
  return faults;
}

/**
 * Parses a payload by the definition's schema: the schema's output, or the issues as one `invalid_payload` error
 * (returned, not thrown).
 */
export async function parsePayload<Input, Output>(
  definition: JobDefinition<Input, Output>,
  payload: unknown,
): Promise<{ ok: true; value: Output } | { ok: false; error: LongshoreError }> {
  const result = await definition.schema['~standard'].validate(payload);
  if (result.issues === undefined) return { ok: true, value: result.value };
  const issues = result.issues.map((issue) => {
    const path = (issue.path ?? [])
      .map((part) => String(typeof part === 'object' ? part.key : part))
      .join('.');
    return path === '' ? issue.message : `${path}: ${issue.message}`;
  });
  const error = new LongshoreError(
    'invalid_payload',
    `Payload of job "${definition.name}" version ${definition.version} does not match its schema: ${issues.join('; ')}`,
    { details: { job: definition.name, version: definition.version, issues } },
  );
  return { ok: false, error };
}
