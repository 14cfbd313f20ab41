export { sleep, systemClock } from './clock.ts';
export type { Clock, Timer } from './clock.ts';
export { DURATION_UNITS_MS, formatDuration, parseDurationMs } from './duration.ts';
export { LongshoreError, errorDetails, isLongshoreError } from './error.ts';
export type { ErrorCode, ErrorDetails, LongshoreErrorOptions } from './error.ts';
export { ENVELOPE_FORMAT, MAX_ENVELOPE_BYTES, decodeEnvelope, encodeEnvelope } from './envelope.ts';
export type {
  AttemptRecord,
  ClaimReference,
  DecodeFault,
  Decoded,
  Envelope,
  TraceContext,
} from './envelope.ts';
export { defineJob, parsePayload } from './definition.ts';
export type { JobCost, JobDefinition, JobOptions, PayloadOf } from './definition.ts';
export { createEnvelope } from './create-envelope.ts';
export type { CreateEnvelopeOptions } from './create-envelope.ts';
export { bury, directiveOf, release, retry } from './directive.ts';
export type { Directive } from './directive.ts';
export { DEFAULT_RETRY, nextDelayMs, retryPolicy } from './retry-policy.ts';
export type { RetryPolicy } from './retry-policy.ts';
export type { Outcome, OutcomeKind } from './outcome.ts';
export { deterministicId, newJobId } from './id.ts';
export { parseJson } from './parse-json.ts';
export { stringifyJson } from './stringify-json.ts';
export type { JsonFault } from './parse-json.ts';
