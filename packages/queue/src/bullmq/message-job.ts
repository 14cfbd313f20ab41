/**
 * Messages as BullMQ jobs, and back. Jobs of plain BullMQ producers are messages too: their body is the JSON of their
 * data, their name an attribute.
 */
import type { JobJson } from 'bullmq';
import type { Message, OutgoingMessage } from '../queue.ts';

/** Name of the jobs that this driver adds, as dashboards show it. */
const JOB_NAME = 'longshore';
/** Attribute that holds the name of a job that another producer added. */
const FOREIGN_NAME = 'bullmq.name';
/** Marks data as ours; a later layout gets another number. */
const LAYOUT = 1;
/** As on SQS. */
const DEDUPLICATION_MS = 300_000;

/** One delivery: what Redis answered to a take. */
export interface Delivery {
  readonly job: JobJson;
  readonly id: string;
  readonly token: string;
  /** From before the take, so that the lease never ends later than it seems to. */
  readonly askedAtMs: number;
  readonly leaseMs: number;
}

type Content = Pick<Message, 'body' | 'attributes' | 'group'>;

/** The job that holds a message. */
export function messageToJob(message: OutgoingMessage, nowMs: number): JobJson {
  const { body, group, attributes = {}, delayMs = 0, deduplicationId } = message;
  return {
    // BullMQ counts.
    id: '',
    name: JOB_NAME,
    data: JSON.stringify({ longshore: LAYOUT, body, group, attributes }),
    opts: {
      ...(delayMs > 0 ? { delay: Math.ceil(delayMs) } : {}),
      ...(deduplicationId === undefined
        ? {}
        : { deduplication: { id: deduplicationId, ttl: DEDUPLICATION_MS } }),
    },
    ...(deduplicationId === undefined ? {} : { deduplicationId }),
    timestamp: Math.round(nowMs),
    progress: 0,
    attemptsMade: 0,
    attemptsStarted: 0,
    stalledCounter: 0,
    failedReason: '',
    returnvalue: '',
  };
}

/** The message that a delivered job holds. */
export function jobToMessage({ job, id, token, askedAtMs, leaseMs }: Delivery): Message {
  return {
    ...(job.name === JOB_NAME ? (ownContent(job.data) ?? foreignContent(job)) : foreignContent(job)),
    messageId: id,
    lease: { messageId: id, handle: token, receivedAtMs: askedAtMs },
    leaseUntilMs: askedAtMs + leaseMs,
    receiveCount: job.attemptsStarted,
    sentAtMs: job.timestamp,
  };
}

function foreignContent({ name, data }: JobJson): Content {
  return { body: data, attributes: { [FOREIGN_NAME]: name } };
}

function ownContent(json: string): Content | undefined {
  const { longshore, body, group, attributes } = parseRecord(json);
  if (longshore !== LAYOUT || typeof body !== 'string') return undefined;
  const content = { body, attributes: isTextRecord(attributes) ? attributes : {} };
  return typeof group === 'string' ? { ...content, group } : content;
}

function parseRecord(json: string): Record<string, unknown> {
  try {
    const data: unknown = JSON.parse(json);
    return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function isTextRecord(value: unknown): value is Record<string, string> {
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).every((entry) => typeof entry === 'string');
}
