/**
 * Dead letters: what a worker sends to the dead-letter queue, and how it is read back. The body stays the job's own, so
 * that it can be redriven; why it was buried stands in one attribute.
 */
import {
  decodeEnvelope,
  encodeEnvelope,
  parseJson,
  stringifyJson,
  type AttemptRecord,
  type Envelope,
} from '@longshore/job';
import type { Message, OutgoingMessage } from './queue.ts';

/** What a worker knows of a job that it buries. */
export interface Burial {
  /** The job with all its attempts; without one, `rawBody` is kept as it is. */
  readonly envelope?: Envelope;
  readonly rawBody?: string;
  readonly code: string;
  readonly reason: string;
  readonly queue: string;
  readonly host: string;
  readonly atMs: number;
  /** Size limit of the dead-letter queue. */
  readonly maxBytes: number;
  /** Message id in the source queue. */
  readonly messageId: string;
  readonly group?: string;
}

/** A dead letter, read. */
export interface DeadLetter {
  readonly messageId: string;
  readonly jobId?: string;
  readonly jobName?: string;
  readonly code: string;
  readonly reason: string;
  readonly attempts: readonly AttemptRecord[];
  /** Milliseconds since the epoch. */
  readonly buriedAtMs: number;
  readonly body: string;
}

const ATTRIBUTE = 'longshore';
const MAX_REASON_CHARACTERS = 1_024;
/** Room for the attribute beside the body. */
const ATTRIBUTE_BYTES = 8_192;

/** The message for the dead-letter queue. Stacks are dropped, then old attempts, where the size limit demands it. */
export function deadLetterMessage(burial: Burial): OutgoingMessage {
  const { code, reason, queue, host, atMs, messageId } = burial;
  const about = { code, reason: reason.slice(0, MAX_REASON_CHARACTERS).toWellFormed(), queue, host, atMs };
  const base = { body: body(burial), attributes: { [ATTRIBUTE]: stringifyJson(about) } };
  return burial.group === undefined ? base : { ...base, group: burial.group, deduplicationId: messageId };
}

function body({ envelope, rawBody = '', maxBytes }: Burial): string {
  if (envelope === undefined) return rawBody;
  const limit = maxBytes - ATTRIBUTE_BYTES;
  const withoutStacks = envelope.attempts.map(({ stack: _stack, ...attempt }) => attempt);
  for (const attempts of [envelope.attempts, withoutStacks, withoutStacks.slice(-3), []]) {
    const text = encodeEnvelope({ ...envelope, attempts });
    if (Buffer.byteLength(text) <= limit) return text;
  }
  return encodeEnvelope({ ...envelope, attempts: [] });
}

/** Reads a dead letter; tolerates messages that the queue itself moved, and bodies of others. */
export function readDeadLetter(message: Message): DeadLetter {
  const decoded = decodeEnvelope(message.body);
  const envelope = decoded.ok ? decoded.envelope : undefined;
  const about = readAbout(message.attributes[ATTRIBUTE]);
  return {
    messageId: message.messageId,
    code: about.code ?? 'receives_exhausted',
    reason: about.reason ?? 'The queue moved it after its own receive limit; no worker left a reason',
    attempts: envelope?.attempts ?? [],
    buriedAtMs: about.atMs ?? message.sentAtMs,
    body: message.body,
    ...(envelope === undefined ? {} : { jobId: envelope.id, jobName: envelope.name }),
  };
}

function readAbout(text: string | undefined): { code?: string; reason?: string; atMs?: number } {
  const json = text === undefined ? undefined : parseJson(text);
  if (json?.ok !== true || typeof json.value !== 'object' || json.value === null) return {};
  const { code, reason, atMs } = json.value as Record<string, unknown>;
  return {
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(typeof atMs === 'number' ? { atMs } : {}),
  };
}
