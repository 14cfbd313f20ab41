import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Doorbell } from './doorbell.ts';
import { startRedis, type RedisServer } from './fixtures/redis-server.ts';

let server: RedisServer;
let redis: Redis;
let doorbell: Doorbell;

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.port, '127.0.0.1');
  doorbell = new Doorbell({
    connection: { url: server.url },
    markerKey: 'marker',
    giveBack: (score, member) => redis.zadd('marker', score, member),
  });
});
afterAll(async () => {
  doorbell.close();
  redis.disconnect();
  await server.stop();
});

describe('Doorbell', () => {
  it('wakes all who wait when a marker comes, and takes it', async () => {
    const waits = [doorbell.wait(20_000, undefined), doorbell.wait(20_000, undefined)];
    await redis.zadd('marker', 0, '0');
    await Promise.all(waits);
    expect(await redis.zcard('marker')).toBe(0);
  });

  it('puts a marker back that comes when nobody waits any more', async () => {
    const controller = new AbortController();
    const wait = doorbell.wait(20_000, controller.signal);
    await expect.poll(() => redis.info('clients')).toContain('blocked_clients:1');
    controller.abort();
    await wait;
    await redis.zadd('marker', 1_234, '1');
    await expect.poll(() => redis.zscore('marker', '1')).toBe('1234');
    // It is there because it was put back, not because nobody took it.
    await expect.poll(() => redis.info('clients')).toContain('blocked_clients:0');
    expect(await redis.info('commandstats')).toMatch(/cmdstat_zadd:calls=3/);
    await redis.del('marker');
  });

  it('does not wait once its signal is aborted or it is closed', async () => {
    expect(await doorbell.wait(20_000, AbortSignal.abort())).toBeUndefined();
    doorbell.close();
    expect(await doorbell.wait(20_000, undefined)).toBeUndefined();
  });
});
