import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeOnceStore } from '../conformance/index.ts';
import { startRedis, type RedisServer } from '../fixtures/redis-server.ts';
import { redisOnceStore } from './redis-once-store.ts';

describeOnceStore({
  name: 'redis',
  open: async () => {
    const server = await startRedis();
    const redis = new Redis(server.url);
    return {
      store: redisOnceStore({ redis }),
      close: async () => {
        await redis.quit();
        await server.stop();
      },
    };
  },
});

describe('the redis once store', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  const request = { owner: 'a', leaseMs: 60_000, retentionMs: 3_600_000 };

  it('lets Redis remove what is no longer needed', async () => {
    const redis = new Redis(server.url);
    const answer = await redisOnceStore({ redis, prefix: 'mine:' }).claim('key', request);
    if (answer.state !== 'held') throw new Error(`The claim was ${answer.state}`);
    expect(await redis.pttl('mine:key')).toBeGreaterThan(3_600_000);
    await answer.claim.commit('{}');
    const remainingMs = await redis.pttl('mine:key');
    expect(remainingMs).toBeGreaterThan(0);
    expect(remainingMs).toBeLessThanOrEqual(3_600_000);
    await redis.quit();
  });

  it('says that the server does not answer, and that it may later', async () => {
    const stopped = await startRedis();
    await stopped.stop();
    const redis = new Redis(stopped.url, { maxRetriesPerRequest: 0, retryStrategy: () => null });
    redis.on('error', () => undefined);
    await expect(redisOnceStore({ redis }).claim('key', request)).rejects.toMatchObject({
      code: 'once_unavailable',
      retryable: true,
    });
    redis.disconnect();
  });
});
