/**
 * The envelope: what a queue message's body holds, and the strict decoder for it.
 *
 * Everything read from a queue is untrusted. The decoder copies known fields one by one; it never spreads or merges.
 * The payload inside is parsed later, by the job's schema.
 */
import { parseJson } from './parse-json.ts';
import { stringifyJson } from './stringify-json.ts';

/** Format number of the envelope itself. A decoder refuses formats it does not know. */
export const ENVELOPE_FORMAT = 1;

/** SQS accepts up to 1 MiB per message and per batch, body and attributes together (AWS, since 2025-08-04). */
export const MAX_ENVELOPE_BYTES = 1_048_576;

/** W3C trace context, as received from the producer. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/** One failed, interrupted or crashed attempt. */
export interface AttemptRecord {
  /** The queue's receive count at that attempt, from 1. */
  readonly receive: number;
  readonly kind: 'failed' | 'interrupted' | 'crashed';
  readonly code: string;
  readonly message: string;
  readonly stack?: string;
  readonly host: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** Where a payload over the queue's size limit lies. The store itself is the worker's configuration, never the message's. */
export interface ClaimReference {
  readonly key: string;
  readonly bytes: number;
  /** SHA-256 of the payload's JSON text, hex. */
  readonly sha256: string;
}

/** A job on its way. Exactly one of `payload` and `claim` is set. */
export interface Envelope {
  readonly id: string;
  readonly name: string;
  /** Payload version, see `defineJob`. */
  readonly version: number;
  readonly payload?: unknown;
  readonly claim?: ClaimReference;
  readonly idempotencyKey: string;
  /** Milliseconds since the epoch, on the producer's clock. */
  readonly enqueuedAtMs: number;
  /** Failed attempts so far, oldest first; filled when a job is buried or redriven. */
  readonly attempts: readonly AttemptRecord[];
  readonly trace?: TraceContext;
}

/** Why a body is no envelope. */
export interface DecodeFault {
  readonly code: 'bad_utf8' | 'bad_json' | 'forbidden_key' | 'not_an_envelope' | 'unknown_format';
  readonly reason: string;
}

/** Result of {@link decodeEnvelope}. */
export type Decoded =
  | { readonly ok: true; readonly envelope: Envelope }
  | { readonly ok: false; readonly fault: DecodeFault };

/** The message body of an envelope. */
export function encodeEnvelope(envelope: Envelope): string {
  return stringifyJson({
    longshore: ENVELOPE_FORMAT,
    id: envelope.id,
    name: envelope.name,
    version: envelope.version,
    key: envelope.idempotencyKey,
    at: envelope.enqueuedAtMs,
    ...(envelope.trace === undefined ? {} : { trace: envelope.trace }),
    ...(envelope.attempts.length === 0 ? {} : { attempts: envelope.attempts }),
    ...(envelope.claim === undefined ? { payload: envelope.payload } : { claim: envelope.claim }),
  });
}

/** Decodes a message body. Never throws; every refusal has a code and says which field is wrong. */
export function decodeEnvelope(body: string | Uint8Array): Decoded {
  const json = parseJson(body);
  if (!json.ok) return { ok: false, fault: json.fault };
  if (!isRecord(json.value) || !('longshore' in json.value)) {
    return notAnEnvelope(
      'The message is JSON but has no "longshore" field: it was not enqueued by Longshore',
    );
  }
  const record = json.value;
  if (record['longshore'] !== ENVELOPE_FORMAT) {
    const reason = `Envelope format ${JSON.stringify(record['longshore'])} is unknown, expected ${ENVELOPE_FORMAT}: update the worker`;
    return { ok: false, fault: { code: 'unknown_format', reason } };
  }
  const wrong = wrongField(record);
  if (wrong !== undefined)
    return notAnEnvelope(`Field "${wrong}" of the envelope is missing or has the wrong type`);
  return { ok: true, envelope: readEnvelope(record) };
}

type Json = Record<string, unknown>;

function wrongField(record: Json): string | undefined {
  if (!isText(record['id'])) return 'id';
  if (!isText(record['name'])) return 'name';
  if (!Number.isInteger(record['version'])) return 'version';
  if (!isText(record['key'])) return 'key';
  if (!isNumber(record['at'])) return 'at';
  const { trace, attempts, claim } = record as { trace?: unknown; attempts?: unknown; claim?: unknown };
  if (trace !== undefined && !(isRecord(trace) && isText(trace['traceparent']))) return 'trace';
  if (attempts !== undefined && !(Array.isArray(attempts) && attempts.every(isAttempt))) return 'attempts';
  if (claim !== undefined && !isClaim(claim)) return 'claim';
  if ('payload' in record === (claim !== undefined)) return 'payload';
  return undefined;
}

function readEnvelope(record: Json): Envelope {
  const trace = record['trace'] as (TraceContext & Json) | undefined;
  const claim = record['claim'] as (ClaimReference & Json) | undefined;
  const tracestate = trace?.tracestate;
  return {
    id: record['id'] as string,
    name: record['name'] as string,
    version: record['version'] as number,
    idempotencyKey: record['key'] as string,
    enqueuedAtMs: record['at'] as number,
    attempts: ((record['attempts'] ?? []) as AttemptRecord[]).map(readAttempt),
    ...(trace === undefined
      ? {}
      : {
          trace: {
            traceparent: trace.traceparent,
            ...(typeof tracestate === 'string' ? { tracestate } : {}),
          },
        }),
    ...(claim === undefined
      ? { payload: record['payload'] }
      : { claim: { key: claim.key, bytes: claim.bytes, sha256: claim.sha256 } }),
  };
}

function readAttempt(value: AttemptRecord): AttemptRecord {
  const { receive, kind, code, message, host, atMs, stack } = value;
  return { receive, kind, code, message, host, atMs, ...(typeof stack === 'string' ? { stack } : {}) };
}

function isAttempt(value: unknown): value is AttemptRecord {
  if (!isRecord(value)) return false;
  const texts = [value['code'], value['message'], value['host']].every((text) => typeof text === 'string');
  const kinds = value['kind'] === 'failed' || value['kind'] === 'interrupted' || value['kind'] === 'crashed';
  return texts && kinds && isNumber(value['receive']) && isNumber(value['atMs']);
}

function isClaim(value: unknown): value is ClaimReference {
  return isRecord(value) && isText(value['key']) && isNumber(value['bytes']) && isText(value['sha256']);
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 1_024;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function notAnEnvelope(reason: string): Decoded {
  return { ok: false, fault: { code: 'not_an_envelope', reason } };
}
