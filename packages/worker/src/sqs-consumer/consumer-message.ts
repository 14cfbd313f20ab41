/** An SQS message as consumers know it, and how it travels as the payload of a job. */
import { deterministicId, type Envelope, type JobDefinition } from '@longshore/job';
import type { Message } from '@longshore/queue';

/**
 * What a handler of sqs-consumer is given. There is no `ReceiptHandle`: the lease is the worker's, which extends it.
 */
export interface ConsumerMessage {
  MessageId: string;
  Body: string;
  /** `ApproximateReceiveCount` is the number of the attempt: deploys and lost workers do not count. */
  Attributes: {
    SentTimestamp: string;
    ApproximateReceiveCount: string;
    MessageGroupId?: string;
  };
  /** Text attributes; binary ones do not get here. */
  MessageAttributes: Record<string, { DataType: 'String'; StringValue: string }>;
}

/** A raw message as a payload. */
export interface RawMessage {
  readonly messageId: string;
  readonly body: string;
  readonly sentAtMs: number;
  readonly group?: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Takes what {@link rawEnvelope} made, also after it lay in a dead-letter queue. */
export const rawMessageSchema: JobDefinition<RawMessage, RawMessage>['schema'] = {
  '~standard': {
    version: 1,
    vendor: 'longshore',
    validate: (value) =>
      isRawMessage(value)
        ? { value }
        : { issues: [{ message: 'expected a message with messageId, body, sentAtMs and attributes' }] },
  },
};

/** The message in an envelope, the same for each of its deliveries. */
export function rawEnvelope(job: string, message: Message): Envelope {
  const { messageId, body, sentAtMs, group, attributes } = message;
  const payload: RawMessage = {
    messageId,
    body,
    sentAtMs,
    attributes,
    ...(group === undefined ? {} : { group }),
  };
  const id = deterministicId('sqs', job, messageId);
  return { id, name: job, version: 1, payload, idempotencyKey: id, enqueuedAtMs: sentAtMs, attempts: [] };
}

/** The message as its handler knows it. */
export function consumerMessage(raw: RawMessage, attempt: number): ConsumerMessage {
  const { messageId, body, sentAtMs, group, attributes } = raw;
  const texts = Object.entries(attributes).map(
    ([name, StringValue]) => [name, { DataType: 'String' as const, StringValue }] as const,
  );
  return {
    MessageId: messageId,
    Body: body,
    Attributes: {
      SentTimestamp: String(sentAtMs),
      ApproximateReceiveCount: String(attempt),
      ...(group === undefined ? {} : { MessageGroupId: group }),
    },
    MessageAttributes: Object.fromEntries(texts),
  };
}

function isRawMessage(value: unknown): value is RawMessage {
  if (typeof value !== 'object' || value === null) return false;
  const { messageId, body, sentAtMs, group, attributes } = value as Partial<RawMessage>;
  return (
    typeof messageId === 'string' &&
    typeof body === 'string' &&
    typeof sentAtMs === 'number' &&
    (group === undefined || typeof group === 'string') &&
    typeof attributes === 'object' &&
    attributes !== null &&
    Object.values(attributes).every((text) => typeof text === 'string')
  );
}
