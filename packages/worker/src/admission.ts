/**
 * From a message to a job that may run: decode, resolve the claim, find the handler, parse the payload, count attempts.
 * Whatever cannot run gets its outcome here, with a reason, and never reaches a handler.
 */
import {
  decodeEnvelope,
  parseJson,
  parsePayload,
  type AttemptRecord,
  type Clock,
  type Envelope,
  type Outcome,
} from '@longshore/job';
import type { ObjectStore } from '@longshore/objects';
import { resolveClaim, type Message } from '@longshore/queue';
import type { AttemptStore } from './attempt-store.ts';
import type { HandlerBinding } from './handler.ts';

/**
 * Turns a message that Longshore did not enqueue (an S3 event, say) into an envelope, or answers `undefined` when it is
 * not of its kind. `json` is the parsed body, `undefined` when the body is no JSON that could be trusted.
 */
export type ForeignDecoder = (json: unknown, message: Message) => Envelope | undefined;

/** What admission needs. */
export interface AdmissionOptions {
  readonly bindings: ReadonlyMap<string, HandlerBinding>;
  readonly queueName: string;
  readonly objects: ObjectStore | undefined;
  readonly attempts: AttemptStore;
  readonly decoders: readonly ForeignDecoder[];
  readonly unknownJobGraceMs: number;
  readonly maxCrashes: number;
  readonly clock: Clock;
}

/** A job that may run. */
export interface AdmittedJob {
  readonly message: Message;
  readonly envelope: Envelope;
  readonly binding: HandlerBinding;
  readonly payload: unknown;
  /** Earlier attempts of this message that ended badly, oldest first. */
  readonly records: readonly AttemptRecord[];
  /** Failed attempts plus 1. */
  readonly attempt: number;
  /** An earlier worker died with it: it runs alone. */
  readonly isSuspect: boolean;
}

/** Result of {@link admit}. */
export type Admission =
  | { readonly kind: 'run'; readonly job: AdmittedJob }
  | {
      readonly kind: 'settle';
      readonly outcome: Outcome;
      readonly envelope: Envelope | undefined;
      readonly records: readonly AttemptRecord[];
    };

/** How long a job that this worker does not know is put back: about one step of a rolling deploy. */
const UNKNOWN_JOB_DELAY_MS = 15_000;

/** Decides whether a message may run. Rejects only when the object store is out of reach. */
export async function admit(message: Message, options: AdmissionOptions): Promise<Admission> {
  const decoded = decode(message, options.decoders);
  if ('fault' in decoded) {
    const { code, reason } = decoded.fault;
    if (code === 'unknown_format') return unknown('unknown_version', reason, message, undefined, options);
    return settle({ kind: 'buried', code: 'undecodable_message', reason: `${reason} (${code})` }, undefined);
  }
  const envelope = decoded.envelope;
  const records = message.receiveCount > 1 ? await options.attempts.read(message.messageId) : [];
  const crashes = records.filter((record) => record.kind === 'crashed').length;
  if (crashes >= options.maxCrashes) {
    const reason = `Its worker ended ${crashes} times while it ran, the last times with nothing beside it: it probably kills its worker`;
    return settle({ kind: 'buried', code: 'crashed', reason }, envelope, records);
  }
  const binding = options.bindings.get(envelope.name);
  if (binding === undefined) {
    return unknown(
      'unknown_job',
      `No handler for job "${envelope.name}" in this worker`,
      message,
      envelope,
      options,
    );
  }
  const { version, accepts } = binding.definition;
  if (envelope.version !== version && !accepts.includes(envelope.version)) {
    const reason = `Job "${envelope.name}" has payload version ${envelope.version}, this worker reads ${[version, ...accepts].join(', ')}`;
    return unknown('unknown_version', reason, message, envelope, options);
  }
  return parse({ message, envelope, binding, records }, options);
}

async function parse(
  job: Pick<AdmittedJob, 'message' | 'envelope' | 'binding' | 'records'>,
  options: AdmissionOptions,
): Promise<Admission> {
  const claimed = await resolveClaim(job.envelope, options.objects, { queue: options.queueName });
  if (!claimed.ok) {
    if (claimed.error.retryable) throw claimed.error;
    return settle(
      { kind: 'buried', code: claimed.error.code, reason: claimed.error.message },
      job.envelope,
      job.records,
    );
  }
  const parsed = await parsePayload(job.binding.definition, claimed.payload);
  if (!parsed.ok) {
    return settle(
      { kind: 'buried', code: 'invalid_payload', reason: parsed.error.message },
      job.envelope,
      job.records,
    );
  }
  const { message, envelope, binding, records } = job;
  const attempt = records.filter((record) => record.kind === 'failed').length + 1;
  const isSuspect = records.some((record) => record.kind === 'crashed');
  return {
    kind: 'run',
    job: { message, envelope, binding, records, payload: parsed.value, attempt, isSuspect },
  };
}

function decode(
  message: Message,
  decoders: readonly ForeignDecoder[],
): { envelope: Envelope } | { fault: { code: string; reason: string } } {
  const decoded = decodeEnvelope(message.body);
  if (decoded.ok) return { envelope: decoded.envelope };
  // An envelope of a later format is ours, whatever a decoder would make of it.
  if (decoded.fault.code === 'unknown_format' || decoders.length === 0) return { fault: decoded.fault };
  const json = parseJson(message.body);
  for (const decoder of decoders) {
    const envelope = decoder(json.ok ? json.value : undefined, message);
    if (envelope !== undefined) return { envelope };
  }
  return { fault: decoded.fault };
}

/** A rolling deploy brings jobs before their workers: put them back for a while, then bury them. */
function unknown(
  code: 'unknown_job' | 'unknown_version',
  reason: string,
  message: Message,
  envelope: Envelope | undefined,
  options: AdmissionOptions,
): Admission {
  if (options.clock.nowMs() - message.sentAtMs > options.unknownJobGraceMs) {
    return settle({ kind: 'buried', code, reason }, envelope);
  }
  return settle({ kind: 'released', delayMs: UNKNOWN_JOB_DELAY_MS, interrupted: true }, envelope);
}

function settle(
  outcome: Outcome,
  envelope: Envelope | undefined,
  records: readonly AttemptRecord[] = [],
): Admission {
  return { kind: 'settle', outcome, envelope, records };
}
