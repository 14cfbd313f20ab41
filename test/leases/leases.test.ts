/** Leases of the autoscaler on a real Redis and a real PostgreSQL. */
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { postgresLease, redisLease, type LeaderLease } from '@longshore/autoscaler';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRedis } from '../end-to-end/redis-server.ts';
import { startPostgres } from './postgres-server.ts';

const LEASE_MS = 400;

interface Place {
  readonly lease: (holder: string) => LeaderLease;
  readonly close: () => Promise<void>;
}

async function onRedis(): Promise<Place> {
  const server = await startRedis('noeviction');
  const redis = new Redis(server.url);
  return {
    lease: (holder) => redisLease({ redis, holder, leaseMs: LEASE_MS }),
    close: async () => {
      redis.disconnect();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function onPostgres(): Promise<Place> {
  const server = await startPostgres();
  const pool = new Pool({ host: server.host, user: 'longshore', database: 'postgres' });
  // The server goes before the pool notices.
  pool.on('error', () => undefined);
  return {
    lease: (holder) => postgresLease({ client: pool, holder, leaseMs: LEASE_MS }),
    close: async () => {
      await pool.end();
      await server[Symbol.asyncDispose]();
    },
  };
}

describe.each([
  ['Redis', onRedis],
  ['PostgreSQL', onPostgres],
])('a lease in %s', (_name, open) => {
  let place: Place;
  beforeAll(async () => {
    place = await open();
  });
  afterAll(() => place.close());

  it('has one leader of many who ask at once, and keeps it while it renews', async () => {
    const leases = Array.from({ length: 8 }, (_, index) => place.lease(`h${index}`));
    const first = await Promise.all(leases.map((lease) => lease.renew()));
    const leader = first.findIndex(({ isLeader }) => isLeader);
    expect(first.filter(({ isLeader }) => isLeader)).toHaveLength(1);
    const { term } = first[leader] ?? { term: 0 };
    for (let round = 0; round < 10; round += 1) {
      const again = await Promise.all(leases.map((lease) => lease.renew()));
      expect(again.map(({ isLeader }) => isLeader)).toEqual(first.map(({ isLeader }) => isLeader));
      expect(again.every((each) => each.term === term)).toBe(true);
    }
    await Promise.all(leases.map((lease) => lease.release()));
  });

  it('passes on with a higher term, at once when released and by itself when silent', async () => {
    const [first, second] = [place.lease('a'), place.lease('b')];
    const led = await first.renew();
    expect(led).toMatchObject({ isLeader: true });
    expect(await second.renew()).toMatchObject({ isLeader: false, term: led.term });
    await second.release();
    expect(await first.renew()).toMatchObject({ isLeader: true, term: led.term });
    await first.release();
    const taken = await second.renew();
    expect(taken).toMatchObject({ isLeader: true, term: led.term + 1 });
    // The second falls silent; its own clock says that its lease is over before the server gives it away.
    let answer = await first.renew();
    while (!answer.isLeader) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      answer = await first.renew();
    }
    expect(answer.term).toBe(taken.term + 1);
    expect(Date.now()).toBeGreaterThanOrEqual(taken.untilMs);
    await first.release();
  });
});

it('a store that is away is told as such', async () => {
  const redis = { eval: () => Promise.reject(new Error('connection lost')) };
  const client = { query: () => Promise.reject(new Error('connection lost')) };
  const away = { code: 'lease_unavailable', retryable: true };
  await expect(redisLease({ redis, holder: 'a' }).renew()).rejects.toMatchObject(away);
  await expect(postgresLease({ client, holder: 'a' }).renew()).rejects.toMatchObject(away);
});
