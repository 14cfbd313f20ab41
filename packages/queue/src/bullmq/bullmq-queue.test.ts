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
});
