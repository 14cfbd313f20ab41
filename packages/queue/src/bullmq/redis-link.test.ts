import { afterEach, describe, expect, it } from 'vitest';
import { bullmqQueue } from './bullmq-queue.ts';
import { startRedis, type RedisServer } from './fixtures/redis-server.ts';
import { serverFault } from './redis-link.ts';

let server: RedisServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function faultOf(...settings: string[]): Promise<unknown> {
  server = await startRedis(settings);
  await using queue = bullmqQueue({ name: 'jobs', connection: { url: server.url } });
  try {
    await queue.receive({ max: 1, waitMs: 0, leaseMs: 1_000 });
    return 'none';
  } catch (error) {
    return error;
  }
}

describe('the check of a Redis at first use', () => {
  it.each(['allkeys-lru', 'volatile-ttl'])(
    'refuses the eviction policy %s and says what to set',
    async (policy) => {
      expect(await faultOf('--maxmemory-policy', policy)).toMatchObject({
        code: 'invalid_options',
        retryable: false,
        message: expect.stringMatching(
          new RegExp(`"${policy}".*set maxmemory-policy to noeviction`),
        ) as string,
      });
    },
  );

  it('refuses every entry, too, for good', async () => {
    server = await startRedis(['--maxmemory-policy', 'allkeys-lfu']);
    await using queue = bullmqQueue({ name: 'jobs', connection: { url: server.url } });
    expect(await queue.send([{ body: 'a' }])).toMatchObject([{ ok: false, code: 'rejected' }]);
  });

  it('needs no right to CONFIG', async () => {
    expect(await faultOf('--rename-command', 'CONFIG', '')).toBe('none');
    await server?.stop();
    expect(
      await faultOf('--rename-command', 'CONFIG', '', '--maxmemory-policy', 'allkeys-lru'),
    ).toMatchObject({
      code: 'invalid_options',
    });
  });

  it.each([
    ['6.0.16', 'it is version 6.0; upgrade it to 6.2 or newer'],
    ['5.9.1', 'it is version 5.9; upgrade it to 6.2 or newer'],
    ['6.2.0', undefined],
    ['10.0.0', undefined],
  ])('judges version %s: %s', (version, fault) => {
    expect(serverFault(`redis_version:${version}\r\nmaxmemory_policy:noeviction\r\n`)).toBe(fault);
  });

  it('refuses a server that does not say how it evicts', () => {
    expect(serverFault('redis_version:7.2.0\r\n')).toContain('"unknown"');
  });
});
