import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type Message,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEndpoint, standingClock, type Opened, type StandingClock } from '../fixtures/open-client.ts';
import { openQueueBook, type StoredQueue } from '../queues/queue-book.ts';
import { openDatabase } from '../store/open-database.ts';
import { createDeliveries } from './deliveries.ts';
import { openMessageTable } from './message-table.ts';

const HOUR_MS = 3_600_000;
let clock: StandingClock;
let opened: Opened;
beforeEach(async () => {
  clock = standingClock();
  opened = await openEndpoint({ clock });
});
afterEach(() => opened[Symbol.asyncDispose]());

const send = async (QueueUrl: string, body: string, more: object = {}) =>
  opened.client.send(new SendMessageCommand({ QueueUrl, MessageBody: body, ...more }));
const receive = async (QueueUrl: string, more: object = {}): Promise<readonly Message[]> => {
  const input = { QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All' as const], ...more };
  return (await opened.client.send(new ReceiveMessageCommand(input))).Messages ?? [];
};
const bodies = (messages: readonly Message[]): unknown[] => messages.map(({ Body }) => Body);
const one = async (QueueUrl: string, more: object = {}): Promise<Message & { ReceiptHandle: string }> => {
  const [message] = await receive(QueueUrl, { MaxNumberOfMessages: 1, ...more });
  if (message?.ReceiptHandle === undefined) throw new Error('Expected a message');
  return { ...message, ReceiptHandle: message.ReceiptHandle };
};
const drop = (QueueUrl: string, ReceiptHandle: string) =>
  opened.client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
const change = (QueueUrl: string, ReceiptHandle: string, VisibilityTimeout: number) =>
  opened.client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }));
const counts = async (QueueUrl: string): Promise<readonly number[]> => {
  const { body } = await opened.call('GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] });
  const attributes = body['Attributes'] as Record<string, string>;
  return ['', 'NotVisible', 'Delayed'].map((kind) =>
    Number(attributes[`ApproximateNumberOfMessages${kind}`]),
  );
};
const arnOf = async (QueueUrl: string): Promise<string> => {
  const { body } = await opened.call('GetQueueAttributes', { QueueUrl, AttributeNames: ['QueueArn'] });
  return (body['Attributes'] as Record<string, string>)['QueueArn'] ?? '';
};
const withDeadLetters = async (suffix: string, maxReceiveCount: number) => {
  const deadLetters = await opened.queue(`dead${suffix}`);
  const deadLetterTargetArn = await arnOf(deadLetters);
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount });
  return { deadLetters, queue: await opened.queue(`jobs${suffix}`, { RedrivePolicy }) };
};

describe('a message on a standard queue', () => {
  it('is hidden for the visibility timeout, comes again with another handle, and counts its receives', async () => {
    const queue = await opened.queue('jobs', { VisibilityTimeout: '30' });
    await send(queue, 'a');
    expect(await counts(queue)).toEqual([1, 0, 0]);
    const first = await one(queue);
    expect(first.Attributes).toMatchObject({ ApproximateReceiveCount: '1', SenderId: 'tester' });
    expect(await counts(queue)).toEqual([0, 1, 0]);
    clock.advance(29_999);
    expect(await receive(queue)).toEqual([]);
    clock.advance(1);
    expect(await counts(queue)).toEqual([1, 0, 0]);
    const second = await one(queue);
    expect(second.Attributes).toMatchObject({
      ApproximateReceiveCount: '2',
      ApproximateFirstReceiveTimestamp: first.Attributes?.ApproximateFirstReceiveTimestamp,
    });
    expect(second.ReceiptHandle).not.toBe(first.ReceiptHandle);
  });

  it('stays hidden as long as it is extended, counted from the call, and returns at once when released', async () => {
    const queue = await opened.queue('jobs', { VisibilityTimeout: '10' });
    await send(queue, 'a');
    const { ReceiptHandle } = await one(queue);
    clock.advance(9_000);
    await change(queue, ReceiptHandle, 10);
    clock.advance(9_999);
    expect(await receive(queue)).toEqual([]);
    await change(queue, ReceiptHandle, 0);
    expect(bodies(await receive(queue))).toEqual(['a']);
  });

  it('can be deleted with an expired handle until somebody else received it, then the delete does nothing', async () => {
    const queue = await opened.queue('jobs', { VisibilityTimeout: '1' });
    await send(queue, 'a');
    const expired = await one(queue);
    clock.advance(1_000);
    const held = await one(queue, { VisibilityTimeout: 30 });
    await drop(queue, expired.ReceiptHandle);
    expect(await counts(queue)).toEqual([0, 1, 0]);
    clock.advance(30_000);
    await drop(queue, held.ReceiptHandle);
    await drop(queue, held.ReceiptHandle);
    expect(await counts(queue)).toEqual([0, 0, 0]);
  });

  it('refuses to extend what is not in flight, what another holds, what is deleted, and what is no handle', async () => {
    const queue = await opened.queue('jobs', { VisibilityTimeout: '1' });
    await send(queue, 'a');
    const first = await one(queue);
    clock.advance(1_000);
    await expect(change(queue, first.ReceiptHandle, 5)).rejects.toMatchObject({ name: 'MessageNotInflight' });
    const second = await one(queue);
    await expect(change(queue, first.ReceiptHandle, 5)).rejects.toThrow(
      /not available for visibility timeout/,
    );
    await drop(queue, second.ReceiptHandle);
    await expect(change(queue, second.ReceiptHandle, 5)).rejects.toThrow(/does not exist/);
    await expect(change(queue, 'nonsense', 5)).rejects.toMatchObject({ name: 'ReceiptHandleIsInvalid' });
    const other = await opened.queue('other');
    await expect(drop(other, second.ReceiptHandle)).rejects.toMatchObject({ name: 'ReceiptHandleIsInvalid' });
  });

  it('is held for twelve hours from its receipt at most', async () => {
    const queue = await opened.queue('jobs');
    await send(queue, 'a');
    const { ReceiptHandle } = await one(queue, { VisibilityTimeout: 43_200 });
    clock.advance(11 * HOUR_MS);
    await expect(change(queue, ReceiptHandle, 3_601)).rejects.toThrow(/beyond the limit/);
    await change(queue, ReceiptHandle, 3_600);
    clock.advance(HOUR_MS);
    await expect(drop(queue, ReceiptHandle)).rejects.toThrow(/expired/);
    expect(bodies(await receive(queue))).toEqual(['a']);
  });

  it('moves to the dead-letter queue once it was received as often as the policy allows', async () => {
    const { queue, deadLetters } = await withDeadLetters('', 2);
    await send(queue, 'bad', { MessageAttributes: { k: { DataType: 'String', StringValue: 'v' } } });
    const { MessageId } = await one(queue, { VisibilityTimeout: 0 });
    clock.advance(5_000);
    await one(queue, { VisibilityTimeout: 0 });
    await send(queue, 'good');
    expect(await counts(deadLetters)).toEqual([0, 0, 0]);
    expect(bodies(await receive(queue))).toEqual(['good']);
    const letter = await one(deadLetters, { MessageAttributeNames: ['All'] });
    expect(letter).toMatchObject({
      Body: 'bad',
      MessageId,
      MessageAttributes: { k: { StringValue: 'v' } },
      Attributes: { ApproximateReceiveCount: '3', DeadLetterQueueSourceArn: await arnOf(queue) },
    });
  });

  it('stays where it is when the dead-letter queue is gone', async () => {
    const { queue, deadLetters } = await withDeadLetters('', 1);
    await send(queue, 'a');
    await one(queue, { VisibilityTimeout: 0 });
    await opened.call('DeleteQueue', { QueueUrl: deadLetters });
    expect(bodies(await receive(queue))).toEqual(['a']);
  });

  it('is deleted when the retention is over, in flight or not; a dead letter keeps its age', async () => {
    const { queue, deadLetters } = await withDeadLetters('', 1);
    await opened.call('SetQueueAttributes', {
      QueueUrl: queue,
      Attributes: { MessageRetentionPeriod: '60' },
    });
    await opened.call('SetQueueAttributes', {
      QueueUrl: deadLetters,
      Attributes: { MessageRetentionPeriod: '90' },
    });
    await send(queue, 'dead');
    await one(queue, { VisibilityTimeout: 0 });
    await send(queue, 'held');
    clock.advance(50_000);
    expect(bodies(await receive(queue, { VisibilityTimeout: 600 }))).toEqual(['held']);
    clock.advance(10_000);
    expect(await counts(queue)).toEqual([0, 0, 0]);
    expect(await counts(deadLetters)).toEqual([1, 0, 0]);
    clock.advance(30_000);
    expect(await counts(deadLetters)).toEqual([0, 0, 0]);
  });

  it('waits for its delay, or for that of its queue', async () => {
    const queue = await opened.queue('jobs', { DelaySeconds: '5' });
    await send(queue, 'own', { DelaySeconds: 2 });
    await send(queue, 'queue');
    await send(queue, 'none', { DelaySeconds: 0 });
    expect(await counts(queue)).toEqual([1, 0, 2]);
    expect(bodies(await receive(queue))).toEqual(['none']);
    clock.advance(2_000);
    expect(bodies(await receive(queue))).toEqual(['own']);
    clock.advance(3_000);
    expect(bodies(await receive(queue))).toEqual(['queue']);
  });

  it('may carry a group, which holds nothing back', async () => {
    const queue = await opened.queue('jobs');
    for (const body of ['a', 'b']) await send(queue, body, { MessageGroupId: 'tenant' });
    const [first] = await receive(queue, { MaxNumberOfMessages: 1 });
    expect(first?.Attributes).toMatchObject({ MessageGroupId: 'tenant' });
    expect(first?.Attributes).not.toHaveProperty('SequenceNumber');
    expect(bodies(await receive(queue))).toEqual(['b']);
  });
});

describe('a message on a FIFO queue', () => {
  const fifo = (group: string, id: string) => ({ MessageGroupId: group, MessageDeduplicationId: id });
  const fill = async (QueueUrl: string, ...pairs: readonly (readonly [group: string, body: string])[]) => {
    for (const [group, body] of pairs) await send(QueueUrl, body, fifo(group, body));
  };

  it('comes in order within its group, which waits while one of it is in flight', async () => {
    const queue = await opened.queue('jobs.fifo');
    await fill(queue, ['a', 'a1'], ['b', 'b1'], ['a', 'a2'], ['a', 'a3']);
    const first = await receive(queue, { MaxNumberOfMessages: 2 });
    expect(bodies(first)).toEqual(['a1', 'a2']);
    expect(bodies(await receive(queue))).toEqual(['b1']);
    expect(await receive(queue)).toEqual([]);
    await drop(queue, first[0]?.ReceiptHandle ?? '');
    expect(await receive(queue)).toEqual([]);
    await drop(queue, first[1]?.ReceiptHandle ?? '');
    expect(bodies(await receive(queue))).toEqual(['a3']);
  });

  it('comes again before those behind it', async () => {
    const queue = await opened.queue('jobs.fifo', { VisibilityTimeout: '10' });
    await fill(queue, ['a', 'a1'], ['a', 'a2']);
    const [first] = await receive(queue, { MaxNumberOfMessages: 1 });
    clock.advance(5_000);
    await change(queue, first?.ReceiptHandle ?? '', 0);
    expect(bodies(await receive(queue))).toEqual(['a1', 'a2']);
    clock.advance(10_000);
    expect(bodies(await receive(queue))).toEqual(['a1', 'a2']);
  });

  it('is neither deleted nor extended with a handle that has expired', async () => {
    const queue = await opened.queue('jobs.fifo', { VisibilityTimeout: '1' });
    await fill(queue, ['a', 'a1']);
    const { ReceiptHandle } = await one(queue);
    clock.advance(1_000);
    await expect(drop(queue, ReceiptHandle)).rejects.toThrow(/receipt handle has expired/);
    await expect(change(queue, ReceiptHandle, 5)).rejects.toThrow(/receipt handle has expired/);
    const again = await one(queue);
    await expect(drop(queue, ReceiptHandle)).rejects.toThrow(/receipt handle has expired/);
    await drop(queue, again.ReceiptHandle);
    await drop(queue, again.ReceiptHandle);
    expect(await counts(queue)).toEqual([0, 0, 0]);
  });

  it('is sent once in five minutes by its deduplication id, even after it was deleted', async () => {
    const queue = await opened.queue('jobs.fifo');
    const sent = await send(queue, 'a', fifo('g', 'same'));
    const { ReceiptHandle } = await one(queue);
    await drop(queue, ReceiptHandle);
    clock.advance(299_999);
    const again = await send(queue, 'a', fifo('other', 'same'));
    expect(again).toMatchObject({ MessageId: sent.MessageId, SequenceNumber: sent.SequenceNumber });
    expect(await counts(queue)).toEqual([0, 0, 0]);
    clock.advance(1);
    const later = await send(queue, 'a', fifo('g', 'same'));
    expect(later.MessageId).not.toBe(sent.MessageId);
    expect(BigInt(later.SequenceNumber ?? 0)).toBeGreaterThan(BigInt(sent.SequenceNumber ?? 0));
  });

  it('is deduplicated by its content, or within its group, where the queue says so', async () => {
    const queue = await opened.queue('jobs.fifo', {
      ContentBasedDeduplication: 'true',
      DeduplicationScope: 'messageGroup',
    });
    const ids = new Set<string | undefined>();
    for (const MessageGroupId of ['a', 'a', 'b'])
      ids.add((await send(queue, 'x', { MessageGroupId })).MessageId);
    expect(ids.size).toBe(2);
    const [first] = await receive(queue);
    expect(first?.Attributes?.MessageDeduplicationId).toMatch(/^[0-9a-f]{64}$/);
  });

  it('needs a group and an id, and takes no delay of its own', async () => {
    const queue = await opened.queue('jobs.fifo');
    await expect(send(queue, 'a', { MessageDeduplicationId: 'x' })).rejects.toThrow(/MessageGroupId/);
    await expect(send(queue, 'a', { MessageGroupId: 'x' })).rejects.toThrow(/ContentBasedDeduplication/);
    await expect(send(queue, 'a', { ...fifo('g', 'x'), DelaySeconds: 1 })).rejects.toThrow(/DelaySeconds/);
    const standard = await opened.queue('jobs');
    await expect(send(standard, 'a', { MessageDeduplicationId: 'x' })).rejects.toThrow(
      /MessageDeduplicationId/,
    );
  });

  it('takes its group along to a FIFO dead-letter queue and frees the group', async () => {
    const { queue, deadLetters } = await withDeadLetters('.fifo', 1);
    await fill(queue, ['g', 'bad'], ['g', 'next']);
    await one(queue, { VisibilityTimeout: 0 });
    expect(bodies(await receive(queue))).toEqual(['next']);
    const letter = await one(deadLetters);
    expect(letter).toMatchObject({ Body: 'bad', Attributes: { MessageGroupId: 'g' } });
  });
});

describe('a queue with as many messages in flight as it may have', () => {
  it('gives no more: an error for a short poll, nothing for a long one or a FIFO queue', () => {
    const database = openDatabase(':memory:');
    const book = openQueueBook(database);
    const messages = openMessageTable(database, () => undefined);
    const deliveries = createDeliveries(book, messages, { maxInFlight: 3 });
    const queueOf = (name: string, attributes: ReadonlyMap<string, string>): StoredQueue => {
      const queue = book.create({ name, region: 'r', attributes, tags: new Map() }, 0);
      for (let n = 0; n < 5; n += 1) {
        const lane = queue.isFifo ? `lane-${n}` : null;
        const texts = { id: String(n), body: 'b', digest: '', attributes: null, system: '{}' };
        messages.insert({ ...texts, queue: queue.id, lane, sent_ms: 0, kept_since_ms: 0, visible_ms: 0 });
      }
      return queue;
    };
    const take = (queue: StoredQueue, isLongPoll: boolean, nowMs: number): number =>
      deliveries.take(queue, { max: 2, visibilityMs: 1_000, isLongPoll }, nowMs).length;
    const standard = queueOf('jobs', new Map());
    expect([take(standard, false, 0), take(standard, false, 0), take(standard, true, 0)]).toEqual([2, 1, 0]);
    expect(() => take(standard, false, 0)).toThrow(
      expect.objectContaining({ name: 'OverLimit', status: 403 }),
    );
    expect(take(standard, false, 1_000)).toBe(2);
    const fifo = queueOf('jobs.fifo', new Map([['FifoQueue', 'true']]));
    expect([take(fifo, false, 0), take(fifo, false, 0), take(fifo, false, 0)]).toEqual([2, 1, 0]);
    database.close();
  });
});

describe('two thousand messages', () => {
  it('are received once each, in the order in which they were sent', { timeout: 60_000 }, async () => {
    const queue = await opened.queue('jobs');
    const total = 2_000;
    for (let at = 0; at < total; at += 10) {
      const Entries = Array.from({ length: 10 }, (_, n) => ({ Id: String(n), MessageBody: String(at + n) }));
      await opened.client.send(new SendMessageBatchCommand({ QueueUrl: queue, Entries }));
    }
    const seen: unknown[] = [];
    for (let batch = await receive(queue); batch.length > 0; batch = await receive(queue))
      seen.push(...bodies(batch));
    expect(seen).toEqual(Array.from({ length: total }, (_, n) => String(n)));
    expect(await counts(queue)).toEqual([0, total, 0]);
  });
});
