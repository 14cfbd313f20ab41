/** From a definition and a payload to an envelope: parse, stamp, key. */
import { parsePayload, type JobDefinition } from './definition.ts';
import type { Envelope, TraceContext } from './envelope.ts';
import { newJobId } from './id.ts';

/** What a producer may set on one job. */
export interface CreateEnvelopeOptions {
  /** Job id. Default: a new UUID version 7. Follow-up jobs pass `deterministicId(…)`. */
  readonly id?: string;
  /** Overrides the definition's idempotency key. */
  readonly idempotencyKey?: string;
  /** Milliseconds since the epoch. Default: now. */
  readonly nowMs?: number;
  readonly trace?: TraceContext;
}

/**
 * An envelope with a payload that its schema has accepted. The payload is sent as given (the schema's input); the
 * worker parses it again, so that schemas with transforms see their input on both sides.
 *
 * @throws LongshoreError `invalid_payload`, naming every issue.
 */
export async function createEnvelope<Input, Output>(
  definition: JobDefinition<Input, Output>,
  payload: Input,
  options: CreateEnvelopeOptions = {},
): Promise<Envelope> {
  const parsed = await parsePayload(definition, payload);
  if (!parsed.ok) throw parsed.error;
  const nowMs = options.nowMs ?? Date.now();
  const id = options.id ?? newJobId(nowMs);
  return {
    id,
    name: definition.name,
    version: definition.version,
    payload,
    idempotencyKey: options.idempotencyKey ?? definition.idempotencyKey?.(parsed.value) ?? id,
    enqueuedAtMs: nowMs,
    attempts: [],
    ...(options.trace === undefined ? {} : { trace: options.trace }),
  };
}
