/** Actions on messages: send, receive, delete, change visibility, singly and in batches. */
import { bytesOf, MAX_BYTES, parseOutgoing } from '../messages/outgoing.ts';
import { missing, SqsFault } from '../protocol/fault.ts';
import { optionalInteger, text, texts, type Input } from '../protocol/input.ts';
import { checkSystemNames, messageAnswer } from '../protocol/message-answer.ts';
import type { StoredQueue } from '../queues/queue-book.ts';
import { queueNameIn, queueOf, type Action, type Answer, type Call, type Parts } from './action.ts';
import { batchEntries, eachEntry } from './batch.ts';

/** SQS: the range of a visibility timeout. */
const VISIBILITY = { low: 0, high: 43_200 };

/** Receives messages, waiting for them if asked to. It spans turns, unlike all other actions. */
export async function receiveMessage({ polls }: Parts, { input, caller }: Call): Promise<Answer> {
  const max = optionalInteger(input, 'MaxNumberOfMessages', { low: 1, high: 10 }) ?? 1;
  const waitSeconds = optionalInteger(input, 'WaitTimeSeconds', { low: 0, high: 20 });
  const visibilitySeconds = optionalInteger(input, 'VisibilityTimeout', VISIBILITY);
  const system = [...texts(input, 'MessageSystemAttributeNames'), ...texts(input, 'AttributeNames')];
  checkSystemNames(system);
  const wanted = { system, attributes: texts(input, 'MessageAttributeNames') };
  const deliveries = await polls.receive(queueNameIn(text(input, 'QueueUrl')), {
    max,
    waitMs: toMs(waitSeconds),
    visibilityMs: toMs(visibilitySeconds),
    caller,
  });
  if (deliveries.length === 0) return { output: {} };
  return { output: { Messages: deliveries.map((each) => messageAnswer(each, wanted)) }, deliveries };
}

/** Actions that one turn does. */
export const MESSAGE_ACTIONS: Readonly<Record<string, Action>> = {
  SendMessage: (parts, call) => sendOne(parts, call, queueOf(parts, call), call.input),
  SendMessageBatch(parts, call) {
    const queue = queueOf(parts, call);
    const entries = batchEntries(call.input);
    const bytes = entries.reduce((sum, entry) => sum + bytesOf(entry), 0);
    if (bytes > MAX_BYTES) {
      throw new SqsFault(
        'BatchRequestTooLong',
        `Batch requests cannot be longer than ${MAX_BYTES} bytes. You have sent ${bytes} bytes.`,
      );
    }
    return eachEntry(entries, (entry) => sendOne(parts, call, queue, entry));
  },
  DeleteMessage: (parts, call) => deleteOne(parts, call, queueOf(parts, call), call.input),
  DeleteMessageBatch(parts, call) {
    const queue = queueOf(parts, call);
    return eachEntry(batchEntries(call.input), (entry) => deleteOne(parts, call, queue, entry));
  },
  ChangeMessageVisibility: (parts, call) => changeOne(parts, call, queueOf(parts, call), call.input),
  ChangeMessageVisibilityBatch(parts, call) {
    const queue = queueOf(parts, call);
    return eachEntry(batchEntries(call.input), (entry) => changeOne(parts, call, queue, entry));
  },
};

function sendOne({ send }: Parts, { sender, nowMs }: Call, queue: StoredQueue, input: Input): object {
  const sent = send(queue, parseOutgoing(input, queue), sender, nowMs);
  return {
    MessageId: sent.messageId,
    MD5OfMessageBody: sent.bodyDigest,
    ...(sent.attributesDigest === undefined ? {} : { MD5OfMessageAttributes: sent.attributesDigest }),
    ...(sent.traceDigest === undefined ? {} : { MD5OfMessageSystemAttributes: sent.traceDigest }),
    ...(sent.sequenceNumber === undefined ? {} : { SequenceNumber: sent.sequenceNumber }),
  };
}

function deleteOne({ deliveries }: Parts, { nowMs }: Call, queue: StoredQueue, input: Input): object {
  deliveries.remove(queue, text(input, 'ReceiptHandle'), nowMs);
  return {};
}

function changeOne({ deliveries }: Parts, { nowMs }: Call, queue: StoredQueue, input: Input): object {
  const seconds = optionalInteger(input, 'VisibilityTimeout', VISIBILITY);
  if (seconds === undefined) throw missing('VisibilityTimeout');
  deliveries.changeVisibility(queue, text(input, 'ReceiptHandle'), seconds, nowMs);
  return {};
}

function toMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1_000;
}
