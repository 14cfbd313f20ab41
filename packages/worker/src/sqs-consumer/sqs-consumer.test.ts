import { defineJob } from '@longshore/job';
import { createProducer, listDeadLetters, redrive } from '@longshore/queue';
import { memoryQueue } from '@longshore/queue/memory';
import { describe, expect, it } from 'vitest';
import { jsonLog } from '../json-log.ts';
import { createWorker } from '../worker.ts';
import type { ConsumerMessage } from './consumer-message.ts';
import { sqsConsumer, type SqsConsumerOptions } from './sqs-consumer.ts';

const NOW = { maxAttempts: 2, baseDelayMs: 0, maxDelayMs: 0 } as const;

/** Raw bodies in a queue, and a worker with this consumer. */
async function stage(bodies: readonly string[], options: Omit<SqsConsumerOptions, 'job'>) {
  const deadLetters = memoryQueue({ name: 'orders-dlq' });
  const queue = memoryQueue({ name: 'orders', deadLetters });
  await queue.send(bodies.map((body) => ({ body, attributes: { source: 'shop' } })));
  const consumer = sqsConsumer({ job: 'take-order', retry: NOW, ...options });
  const worker = createWorker({ queue, slots: 20, ...consumer, log: jsonLog({ level: 'silent' }) });
  return { queue, deadLetters, worker };
}

describe('A handler of sqs-consumer', () => {
  it('is given messages as they were sent, whatever is in them', async () => {
    const seen: ConsumerMessage[] = [];
    const bodies = ['{"order":1}', 'no JSON', '{"__proto__":{}}', '[1]'];
    const { worker, queue } = await stage(bodies, {
      handleMessage: (message) => {
        seen.push(message);
        return Promise.resolve(message);
      },
    });
    await worker.tick();
    expect(seen.map(({ Body }) => Body).toSorted()).toEqual(bodies.toSorted());
    expect(seen[0]).toMatchObject({
      MessageId: expect.any(String) as unknown,
      Attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: expect.stringMatching(/^\d+(?:\.\d+)?$/) as unknown,
      },
      MessageAttributes: { source: { DataType: 'String', StringValue: 'shop' } },
    });
    expect(await queue.counts()).toMatchObject({ backlog: 0, inFlight: 0 });
  });

  it('that does not acknowledge is tried again, then its message is buried and can be sent back', async () => {
    const counts: string[] = [];
    let accepts = false;
    const { worker, queue, deadLetters } = await stage(['order'], {
      handleMessage: (message) => {
        counts.push(message.Attributes.ApproximateReceiveCount);
        return Promise.resolve(accepts ? message : undefined);
      },
    });
    await worker.tick();
    await worker.tick();
    expect(counts).toEqual(['1', '2']);
    expect(await listDeadLetters(deadLetters, { limit: 2 })).toMatchObject([
      { code: 'attempts_exhausted', jobName: 'take-order' },
    ]);
    accepts = true;
    await redrive({ from: deadLetters, to: queue });
    await worker.tick();
    expect(counts).toEqual(['1', '2', '1']);
    expect(await queue.counts()).toMatchObject({ backlog: 0, inFlight: 0 });
  });

  it('may acknowledge always', async () => {
    const { worker, queue } = await stage(['a', 'b'], {
      alwaysAcknowledge: true,
      handleMessage: () => Promise.resolve(undefined),
    });
    await worker.tick();
    expect(await queue.counts()).toMatchObject({ backlog: 0, inFlight: 0 });
  });

  it('for batches is asked once for a batch, and its messages are settled one by one', async () => {
    const batches: string[][] = [];
    const { worker, queue } = await stage(['a', 'b', 'c'], {
      batchSize: 3,
      handleMessageBatch: (messages) => {
        batches.push(messages.map(({ Body }) => Body).toSorted());
        return Promise.resolve(messages.filter(({ Body }) => Body !== 'b'));
      },
    });
    await worker.tick();
    expect(batches).toEqual([['a', 'b', 'c']]);
    expect(await queue.counts()).toMatchObject({ backlog: 1, inFlight: 0 });
  });

  it('for batches that throws is not asked for halves of it', async () => {
    let calls = 0;
    const { worker, queue } = await stage(['a', 'b', 'c', 'd'], {
      batchSize: 4,
      handleMessageBatch: () => {
        calls += 1;
        return Promise.reject(new Error('no database'));
      },
    });
    await worker.tick();
    expect(calls).toBe(1);
    expect(await queue.counts()).toMatchObject({ backlog: 4, inFlight: 0 });
  });

  it('leaves jobs of the fleet to their own handlers', async () => {
    const seen: string[] = [];
    const { worker, queue } = await stage([], {
      handleMessage: (message) => {
        seen.push(message.Body);
        return Promise.resolve(message);
      },
    });
    await createProducer({ queueFor: () => queue }).enqueue(
      defineJob({ name: 'other', schema: anything }),
      {},
    );
    await worker.tick();
    expect(seen).toEqual([]);
    expect(await queue.counts()).toMatchObject({ backlog: 0, inFlight: 1 });
  });

  it.each([
    [{}, 'either handleMessage or handleMessageBatch'],
    [
      { handleMessage: () => Promise.resolve(0), handleMessageBatch: () => Promise.resolve(0) },
      'either handleMessage or handleMessageBatch',
    ],
    [{ handleMessageBatch: () => Promise.resolve(0), batchSize: 0 }, 'batchSize is 0'],
    [{ handleMessage: () => Promise.resolve(0), job: 'Take Order' }, 'lower-case words'],
  ])('is refused with options that cannot work (%#)', (options, says) => {
    expect(() => sqsConsumer({ job: 'take-order', ...options })).toThrow(says);
  });
});

const anything = {
  '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
} as const;
