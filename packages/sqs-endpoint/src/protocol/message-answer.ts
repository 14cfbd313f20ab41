/** A delivery as ReceiveMessage tells it. */
import type { Delivery } from '../messages/deliveries.ts';
import type { SystemFacts } from '../messages/message-table.ts';
import { writeHandle } from '../messages/receipt-handle.ts';
import { sequenceNumberOf } from '../messages/send-message.ts';
import { SqsFault } from './fault.ts';
import { attributesDigest, chosenAttributes, type MessageAttributes } from './message-attributes.ts';

/** Which attributes a receive asks for. */
export interface Wanted {
  readonly system: readonly string[];
  readonly attributes: readonly string[];
}

const SYSTEM_NAMES = [
  'All',
  'SenderId',
  'SentTimestamp',
  'ApproximateReceiveCount',
  'ApproximateFirstReceiveTimestamp',
  'SequenceNumber',
  'MessageDeduplicationId',
  'MessageGroupId',
  'AWSTraceHeader',
  'DeadLetterQueueSourceArn',
];

/** Refuses names that SQS does not know. @throws SqsFault `InvalidAttributeName`. */
export function checkSystemNames(names: readonly string[]): void {
  const unknown = names.find((name) => !SYSTEM_NAMES.includes(name));
  if (unknown !== undefined) throw new SqsFault('InvalidAttributeName', `Unknown Attribute ${unknown}.`);
}

/** The members of one received message. */
export function messageAnswer({ queue, message, state }: Delivery, wanted: Wanted): object {
  const { delivery, received_ms: receivedMs } = state;
  const attributes = chosenAttributes(
    message.attributes === null ? {} : (JSON.parse(message.attributes) as MessageAttributes),
    wanted.attributes,
  );
  const digest = attributesDigest(attributes);
  return {
    MessageId: message.id,
    ReceiptHandle: writeHandle({ queue: queue.id, seq: message.seq, delivery, receivedMs }),
    MD5OfBody: message.digest,
    Body: message.body,
    ...(wanted.system.length === 0
      ? {}
      : { Attributes: systemAttributes({ queue, message, state }, wanted.system) }),
    ...(digest === undefined ? {} : { MessageAttributes: attributes, MD5OfMessageAttributes: digest }),
  };
}

function systemAttributes(
  { queue, message, state }: Delivery,
  names: readonly string[],
): Record<string, string> {
  const { sender, group, deduplicationId, trace, deadLetterSource } = JSON.parse(
    message.system,
  ) as SystemFacts;
  const all: Readonly<Record<string, string | undefined>> = {
    SenderId: sender,
    SentTimestamp: String(message.sent_ms),
    ApproximateReceiveCount: String(state.receives),
    ApproximateFirstReceiveTimestamp: String(state.first_received_ms),
    SequenceNumber: queue.isFifo ? sequenceNumberOf(message.seq) : undefined,
    MessageDeduplicationId: deduplicationId,
    MessageGroupId: group,
    AWSTraceHeader: trace,
    DeadLetterQueueSourceArn: deadLetterSource,
  };
  const told: Record<string, string> = {};
  for (const [name, value] of Object.entries(all)) {
    if (value !== undefined && (names.includes('All') || names.includes(name))) told[name] = value;
  }
  return told;
}
