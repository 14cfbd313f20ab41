import { Queue as PlainQueue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeQueue } from '../conformance/index.ts';
import { bullmqQueue } from './bullmq-queue.ts';
import { startRedis, type RedisServer } from './fixtures/redis-server.ts';

let server: RedisServer;
let number = 0;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

function open() {
  number += 1;
  const name = `jobs-${number}`;
  const deadLetterName = `${name}-dlq`;
  const connection = { url: server.url };
  const queue = bullmqQueue({ name, deadLetterName, connection, maxReceives: 3 });
  const deadLetters = bullmqQueue({ name: deadLetterName, connection });
  return {
    queue,
    deadLetters,
    close: async () => {
      await queue.close();
      await deadLetters.close();
    },
  };
}

describeQueue({ name: 'bullmqQueue', open: () => Promise.resolve(open()) });

describe('bullmqQueue', () => {
  it('answers per entry, and says to try again, when nobody listens', async () => {
    await using queue = bullmqQueue({ name: 'jobs', connection: { host: '127.0.0.1', port: 9 } });
    expect(await queue.send([{ body: 'a' }, { body: 'b' }])).toMatchObject([
      { ok: false, code: 'unavailable' },
      { ok: false, code: 'unavailable' },
    ]);
    await expect(queue.receive({ max: 1, waitMs: 0, leaseMs: 1_000 })).rejects.toMatchObject({
      code: 'queue_unavailable',
      retryable: true,
    });
  });

  it('can be opened again from its connection, as the lease thread does', async () => {
    const { queue, close } = open();
    await queue.send([{ body: 'a' }]);
    const [message] = await queue.receive({ max: 1, waitMs: 0, leaseMs: 30_000 });
    const { moduleUrl, exportName, options } = queue.connection ?? {
      moduleUrl: '',
      exportName: '',
      options: {},
    };
    const module = (await import(moduleUrl)) as Record<string, typeof bullmqQueue>;
    const copy = structuredClone(options) as Parameters<typeof bullmqQueue>[0];
    await using other = module[exportName]?.(copy) ?? queue;
    expect(other).not.toBe(queue);
    const lease = message?.lease ?? { messageId: '', handle: '', receivedAtMs: 0 };
    expect(await other.extend([lease], 30_000)).toMatchObject([{ ok: true }]);
    await close();
  });

  it('takes a repeated deduplication id as the same message, even when that is completed', async () => {
    const { queue, close } = open();
    const [first] = await queue.send([{ body: 'a', deduplicationId: 'same' }]);
    expect(await queue.send([{ body: 'a', deduplicationId: 'same' }, { body: 'b' }])).toMatchObject([
      first,
      { ok: true },
    ]);
    const received = await queue.receive({ max: 10, waitMs: 0, leaseMs: 30_000 });
    expect(received.map((message) => message.body)).toEqual(['a', 'b']);
    await queue.complete(received.map((message) => message.lease));
    expect(await queue.send([{ body: 'a', deduplicationId: 'same' }])).toEqual([first]);
    expect(await queue.counts()).toEqual({ backlog: 0, inFlight: 0, delayed: 0 });
    await close();
  });

  it('tells two deliveries of the same job apart in one call', async () => {
    const { queue, close } = open();
    await queue.send([{ body: 'a', group: 'tenant' }]);
    const [first] = await queue.receive({ max: 1, waitMs: 0, leaseMs: 1_000 });
    const [second] = await queue.receive({ max: 1, waitMs: 10_000, leaseMs: 30_000 });
    expect(second).toMatchObject({ messageId: first?.messageId, receiveCount: 2, group: 'tenant' });
    const both = [first, second].flatMap((message) => (message === undefined ? [] : [message.lease]));
    const lostFirst = [
      { ok: false, code: 'lease_lost' },
      { ok: true, messageId: first?.messageId },
    ];
    expect(await queue.extend(both, 30_000)).toMatchObject(lostFirst);
    expect(await queue.complete(both)).toMatchObject(lostFirst);
    expect(await queue.complete(both)).toMatchObject([{ code: 'lease_lost' }, { code: 'lease_lost' }]);
    await close();
  });

  it('is waited for by many at once, and closing ends their waits', async () => {
    const { queue, close } = open();
    const polls = [1, 2, 3].map(() => queue.receive({ max: 1, waitMs: 20_000, leaseMs: 30_000 }));
    await queue.send([{ body: 'a' }]);
    expect(await Promise.race(polls)).toHaveLength(1);
    const ends = Promise.allSettled(polls);
    await close();
    expect((await ends).map((end) => end.status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
    await expect(queue.counts()).rejects.toMatchObject({ code: 'closed' });
    expect(await queue.send([{ body: 'b' }])).toMatchObject([{ ok: false, code: 'rejected' }]);
  });

  it('has one dead letter of a burial that is tried again', async () => {
    const { queue, deadLetters, close } = open();
    await queue.send([{ body: 'a' }]);
    const [message] = await queue.receive({ max: 1, waitMs: 0, leaseMs: 30_000 });
    const entries = message === undefined ? [] : [{ lease: message.lease, message: { body: 'a' } }];
    expect(await queue.bury(entries)).toMatchObject([{ ok: true }]);
    expect(await queue.bury(entries)).toMatchObject([{ ok: false, code: 'lease_lost' }]);
    expect(await deadLetters.counts()).toMatchObject({ backlog: 1 });
    await close();
  });

  it('refuses to bury without a dead-letter queue', async () => {
    await using queue = bullmqQueue({ name: 'no-dlq', connection: { url: server.url } });
    await expect(queue.bury([])).rejects.toMatchObject({ code: 'invalid_options' });
  });
});

describe('a queue that BullMQ itself uses too', () => {
  let redis: Redis;
  beforeAll(() => {
    redis = new Redis(server.port, '127.0.0.1', { maxRetriesPerRequest: null });
  });
  afterAll(() => redis.disconnect());

  it('delivers the jobs of a plain producer: their data as JSON, priorities and delays as they are', async () => {
    const { queue, close } = open();
    const plain = new PlainQueue(queue.name, { connection: redis });
    await plain.addBulk([
      { name: 'resize', data: { width: 3, of: ['é'] } },
      { name: 'urgent', data: 'text', opts: { priority: 1 } },
    ]);
    await plain.add('later', {}, { delay: 60_000 });
    expect(await queue.counts()).toEqual({ backlog: 2, inFlight: 0, delayed: 1 });
    const received = await queue.receive({ max: 10, waitMs: 0, leaseMs: 30_000 });
    expect(received).toMatchObject([
      { body: '{"width":3,"of":["é"]}', attributes: { 'bullmq.name': 'resize' }, receiveCount: 1 },
      { body: '"text"', attributes: { 'bullmq.name': 'urgent' } },
    ]);
    // A priority survives being given back.
    expect(
      await queue.release(
        received.map((message) => message.lease),
        0,
      ),
    ).toMatchObject([{ ok: true }, { ok: true }]);
    const again = await queue.receive({ max: 10, waitMs: 2_000, leaseMs: 30_000 });
    expect(again.map((message) => message.receiveCount)).toEqual([2, 2]);
    await queue.complete(again.map((message) => message.lease));
    expect(await plain.getJobCounts('wait', 'active', 'failed', 'completed')).toEqual({
      wait: 0,
      active: 0,
      failed: 0,
      completed: 0,
    });
    await plain.close();
    await close();
  });

  it('shows its jobs to plain BullMQ, state by state', async () => {
    const { queue, close } = open();
    const plain = new PlainQueue(queue.name, { connection: redis });
    await queue.send([{ body: 'a' }, { body: 'b' }, { body: 'c', delayMs: 60_000 }]);
    const [message] = await queue.receive({ max: 1, waitMs: 0, leaseMs: 30_000 });
    expect(await plain.getJobCounts('wait', 'active', 'delayed')).toEqual({ wait: 1, active: 1, delayed: 1 });
    const [job] = await plain.getActive();
    expect(job).toMatchObject({ id: message?.messageId, name: 'longshore', data: { body: 'a' } });
    await plain.close();
    await close();
  });

  it('gives a job back that stalled more than once, without a mark that would fail it', async () => {
    const { queue, close } = open();
    await queue.send([{ body: 'a' }]);
    for (const receiveCount of [1, 2, 3]) {
      const [message] = await queue.receive({ max: 1, waitMs: 10_000, leaseMs: 500 });
      expect(message).toMatchObject({ receiveCount });
      const key = `bull:${queue.name}:${message?.messageId}`;
      expect(await redis.hmget(key, 'stc', 'defa')).toEqual([
        receiveCount === 1 ? null : `${receiveCount - 1}`,
        null,
      ]);
    }
    await close();
  });

  it('delivers a job that the check of a plain worker has marked to fail', async () => {
    const { queue, close } = open();
    await queue.send([{ body: 'a' }]);
    const [message] = await queue.receive({ max: 1, waitMs: 0, leaseMs: 500 });
    await redis.hset(
      `bull:${queue.name}:${message?.messageId}`,
      'defa',
      'job stalled more than allowable limit',
    );
    const [again] = await queue.receive({ max: 1, waitMs: 10_000, leaseMs: 30_000 });
    expect(again).toMatchObject({ body: 'a', receiveCount: 2 });
    await close();
  });
});
