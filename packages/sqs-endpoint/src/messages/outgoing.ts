/** A message as a client sends it, checked by the rules of its queue. */
import { hash } from 'node:crypto';
import { invalidValue, missing, SqsFault } from '../protocol/fault.ts';
import { inputMap, optionalInteger, optionalText, text, type Input } from '../protocol/input.ts';
import {
  attributesBytes,
  parseMessageAttributes,
  parseTraceHeader,
  type MessageAttributes,
} from '../protocol/message-attributes.ts';
import { isAllowedText } from '../protocol/message-text.ts';
import type { StoredQueue } from '../queues/queue-book.ts';

/** A checked message. */
export interface Outgoing {
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly trace: string | undefined;
  readonly delayMs: number;
  readonly group: string | undefined;
  readonly deduplicationId: string | undefined;
}

/** SQS: 1 MiB a message and a batch, body and attributes. */
export const MAX_BYTES = 1_048_576;
/** SQS: 15 minutes. */
const MAX_DELAY_SECONDS = 900;
const TOKEN = /^[\w!"#$%&'()*+,\-./:;<=>?@[\\\]^`{|}~]{1,128}$/;

/** Bytes of an entry of a batch. What is wrong with its attributes is for the entry's own answer to say. */
export function bytesOf(input: Input): number {
  const body = input['MessageBody'];
  const bodyBytes = typeof body === 'string' ? Buffer.byteLength(body) : 0;
  try {
    return bodyBytes + attributesBytes(parseMessageAttributes(inputMap(input, 'MessageAttributes')));
  } catch (error) {
    if (error instanceof SqsFault) return bodyBytes;
    throw error;
  }
}

/** Parses a message. @throws SqsFault as SQS does. */
export function parseOutgoing(input: Input, queue: StoredQueue): Outgoing {
  const body = text(input, 'MessageBody');
  const attributes = parseMessageAttributes(inputMap(input, 'MessageAttributes'));
  const bytes = Buffer.byteLength(body) + attributesBytes(attributes);
  if (bytes > queue.settings.maxMessageBytes) {
    throw new SqsFault(
      'InvalidParameterValueException',
      `One or more parameters are invalid. Reason: Message must be shorter than ${queue.settings.maxMessageBytes} bytes.`,
    );
  }
  if (!isAllowedText(body)) {
    throw new SqsFault(
      'InvalidMessageContents',
      'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF',
    );
  }
  return {
    body,
    attributes,
    trace: parseTraceHeader(inputMap(input, 'MessageSystemAttributes')),
    delayMs: parseDelay(input, queue),
    group: parseGroup(input, queue),
    deduplicationId: parseDeduplicationId(input, queue, body),
  };
}

function parseDelay(input: Input, { isFifo, settings }: StoredQueue): number {
  const seconds = optionalInteger(input, 'DelaySeconds', { low: 0, high: MAX_DELAY_SECONDS });
  if (isFifo && seconds !== undefined && seconds !== 0) {
    throw invalidValue(
      seconds,
      'DelaySeconds',
      'The request include parameter that is not valid for this queue type.',
    );
  }
  return isFifo || seconds === undefined ? settings.delayMs : seconds * 1_000;
}

function parseGroup(input: Input, { isFifo }: StoredQueue): string | undefined {
  const group = optionalText(input, 'MessageGroupId');
  if (group === undefined) {
    if (isFifo) throw missing('MessageGroupId');
    return undefined;
  }
  if (TOKEN.test(group)) return group;
  throw invalidValue(
    group,
    'MessageGroupId',
    'MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.',
  );
}

function parseDeduplicationId(
  input: Input,
  { isFifo, settings }: StoredQueue,
  body: string,
): string | undefined {
  const id = optionalText(input, 'MessageDeduplicationId');
  if (!isFifo) {
    if (id === undefined) return undefined;
    throw invalidValue(
      id,
      'MessageDeduplicationId',
      'The request include parameter that is not valid for this queue type.',
    );
  }
  if (id === undefined) {
    if (settings.isContentDeduplicated) return hash('sha256', body);
    throw new SqsFault(
      'InvalidParameterValueException',
      'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    );
  }
  if (TOKEN.test(id)) return id;
  throw invalidValue(
    id,
    'MessageDeduplicationId',
    'MessageDeduplicationId can only include alphanumeric and punctuation characters. 1 to 128 in length.',
  );
}
