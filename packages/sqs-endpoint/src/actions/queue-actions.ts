/** Actions on queues: create, find, list, describe, change, purge, delete, tag, and move their dead letters. */
import { MAX_PER_SECOND } from '../messages/move-tasks.ts';
import { invalidValue, SqsFault } from '../protocol/fault.ts';
import { optionalInteger, optionalText, text, textMap, texts, type Input } from '../protocol/input.ts';
import { isAttributeName } from '../queues/queue-attributes.ts';
import type { StoredQueue } from '../queues/queue-book.ts';
import { queueNameOf } from '../queues/redrive-policy.ts';
import { queueOf, queueUrlOf, type Action, type Parts } from './action.ts';

/** SQS: one purge a minute. */
const PURGE_PAUSE_MS = 60_000;
/** SQS: queues a page. */
const MAX_PAGE = 1_000;

/** Actions that one turn does. */
export const QUEUE_ACTIONS: Readonly<Record<string, Action>> = {
  CreateQueue({ book }, call) {
    const { input, region, nowMs } = call;
    const queue = {
      name: text(input, 'QueueName'),
      attributes: textMap(input, 'Attributes'),
      tags: textMap(input, 'tags'),
      region,
    };
    return { QueueUrl: queueUrlOf(book.create(queue, nowMs), call) };
  },
  DeleteQueue(parts, call) {
    const queue = queueOf(parts, call);
    parts.messages.clear(queue);
    parts.book.remove(queue);
    parts.polls.end(queue);
    return {};
  },
  GetQueueUrl: ({ book }, call) => ({ QueueUrl: queueUrlOf(book.get(text(call.input, 'QueueName')), call) }),
  ListQueues({ book }, call) {
    const prefix = optionalText(call.input, 'QueueNamePrefix') ?? '';
    const names = book.names().filter((name) => name.startsWith(prefix));
    const { page, NextToken } = pageOf(names, call.input);
    return { QueueUrls: page.map((name) => queueUrlOf(book.get(name), call)), ...NextToken };
  },
  ListDeadLetterSourceQueues(parts, call) {
    const names = parts.book.sourcesOf(queueOf(parts, call)).map(({ name }) => name);
    const { page, NextToken } = pageOf(names, call.input);
    return { queueUrls: page.map((name) => queueUrlOf(parts.book.get(name), call)), ...NextToken };
  },
  GetQueueAttributes(parts, call) {
    const queue = queueOf(parts, call);
    const names = texts(call.input, 'AttributeNames');
    const unknown = names.find((name) => !isAttributeName(name));
    if (unknown !== undefined) throw new SqsFault('InvalidAttributeName', `Unknown Attribute ${unknown}.`);
    if (names.length === 0) return {};
    const all = describe(parts, queue, call.nowMs);
    const told = Object.entries(all).filter(([name]) => names.includes('All') || names.includes(name));
    return told.length === 0 ? {} : { Attributes: Object.fromEntries(told) };
  },
  SetQueueAttributes(parts, call) {
    const queue = queueOf(parts, call);
    const changes = textMap(call.input, 'Attributes');
    if (changes.has('FifoQueue')) {
      throw new SqsFault('InvalidAttributeValue', 'FifoQueue cannot be changed after the queue was created.');
    }
    parts.book.setAttributes(queue, changes, call.nowMs);
    return {};
  },
  PurgeQueue(parts, call) {
    const queue = queueOf(parts, call);
    const before = parts.purgedMs.get(queue.id);
    if (before !== undefined && call.nowMs - before < PURGE_PAUSE_MS) {
      throw new SqsFault(
        'PurgeQueueInProgress',
        `Only one PurgeQueue operation on ${queue.name} is allowed every 60 seconds.`,
        403,
      );
    }
    parts.purgedMs.set(queue.id, call.nowMs);
    parts.messages.clear(queue);
    return {};
  },
  TagQueue(parts, call) {
    const queue = queueOf(parts, call);
    parts.book.setTags(queue, { ...queue.tags, ...Object.fromEntries(textMap(call.input, 'Tags')) });
    return {};
  },
  UntagQueue(parts, call) {
    const queue = queueOf(parts, call);
    const keys = texts(call.input, 'TagKeys');
    const left = Object.entries(queue.tags).filter(([key]) => !keys.includes(key));
    parts.book.setTags(queue, Object.fromEntries(left));
    return {};
  },
  ListQueueTags(parts, call) {
    const { tags } = queueOf(parts, call);
    return Object.keys(tags).length === 0 ? {} : { Tags: tags };
  },
  StartMessageMoveTask(parts, call) {
    const { book, moveTasks } = parts;
    const source = queueByArn(parts, text(call.input, 'SourceArn'));
    if (book.sourcesOf(source).length === 0) {
      throw invalidValue(source.arn, 'SourceArn', 'Source queue must be configured as a Dead Letter Queue.');
    }
    const destinationArn = optionalText(call.input, 'DestinationArn');
    const destination = destinationArn === undefined ? undefined : queueByArn(parts, destinationArn);
    if (destination !== undefined && destination.isFifo !== source.isFifo) {
      throw invalidValue(destination.arn, 'DestinationArn', 'The destination must be of the same type.');
    }
    const perSecond = optionalInteger(call.input, 'MaxNumberOfMessagesPerSecond', {
      low: 1,
      high: MAX_PER_SECOND,
    });
    return { TaskHandle: moveTasks.start({ source, destination, perSecond }, call.nowMs).handle };
  },
  ListMessageMoveTasks(parts, { input }) {
    const source = queueByArn(parts, text(input, 'SourceArn'));
    const limit = optionalInteger(input, 'MaxResults', { low: 1, high: 10 }) ?? 1;
    const Results = parts.moveTasks.list(source, limit).map((task) => ({
      ...(task.status === 'RUNNING' ? { TaskHandle: task.handle } : {}),
      Status: task.status,
      SourceArn: task.source_arn,
      ...(task.destination_arn === null ? {} : { DestinationArn: task.destination_arn }),
      ...(task.per_second === null ? {} : { MaxNumberOfMessagesPerSecond: task.per_second }),
      ApproximateNumberOfMessagesMoved: task.moved,
      ApproximateNumberOfMessagesToMove: task.to_move,
      ...(task.failure === null ? {} : { FailureReason: task.failure }),
      StartedTimestamp: task.started_ms,
    }));
    return { Results };
  },
  CancelMessageMoveTask: ({ moveTasks }, { input }) => ({
    ApproximateNumberOfMessagesMoved: moveTasks.cancel(text(input, 'TaskHandle')).moved,
  }),
};

function describe({ messages }: Parts, queue: StoredQueue, nowMs: number): Readonly<Record<string, string>> {
  messages.expire(queue, nowMs);
  const { visible, inFlight, delayed } = messages.counts(queue, nowMs);
  return {
    QueueArn: queue.arn,
    ...queue.attributes,
    CreatedTimestamp: String(Math.floor(queue.createdMs / 1_000)),
    LastModifiedTimestamp: String(Math.floor(queue.modifiedMs / 1_000)),
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
  };
}

function queueByArn({ book }: Parts, arn: string): StoredQueue {
  const queue = book.find(queueNameOf(arn));
  if (queue !== undefined) return queue;
  throw new SqsFault(
    'ResourceNotFoundException',
    `The resource that you specified for the ARN "${arn}" does not exist.`,
  );
}

/** One page of names; the token is the last name of the page before. */
function pageOf(
  names: readonly string[],
  input: Input,
): { readonly page: readonly string[]; readonly NextToken: object } {
  const size = optionalInteger(input, 'MaxResults', { low: 1, high: MAX_PAGE });
  const token = optionalText(input, 'NextToken');
  const after = token === undefined ? '' : Buffer.from(token, 'base64url').toString();
  const rest = names.filter((name) => name > after);
  const page = rest.slice(0, size ?? MAX_PAGE);
  const last = page.at(-1);
  const isLast = size === undefined || rest.length <= page.length || last === undefined;
  return { page, NextToken: isLast ? {} : { NextToken: Buffer.from(last).toString('base64url') } };
}
