/** Redis goes away, hangs, comes back, or is replaced by its replica. */
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import type { Message, Queue } from '../queue.ts';
import { bullmqQueue } from './bullmq-queue.ts';
import { startRedis, type RedisServer } from './fixtures/redis-server.ts';

const servers: RedisServer[] = [];
const queues: Queue[] = [];

afterEach(async () => {
  for (const queue of queues.splice(0)) await queue.close();
  for (const server of servers.splice(0)) await server.stop();
});

async function start(...settings: string[]): Promise<RedisServer> {
  const server = await startRedis(settings);
  servers.push(server);
  return server;
}

function open({ url }: RedisServer): Queue {
  const queue = bullmqQueue({ name: 'jobs', connection: { url } });
  queues.push(queue);
  return queue;
}

async function command<Result>(server: RedisServer, use: (redis: Redis) => Promise<Result>): Promise<Result> {
  const redis = new Redis(server.port, '127.0.0.1');
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

const messages = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({ body: `job-${from + index}` }));
/** The job's number, whatever stands after it. */
const numberOf = (body: string): number => Number(/^job-(\d+)/.exec(body)?.[1]);
const leases = (received: readonly Message[]) => received.map((message) => message.lease);

async function receiveAll(queue: Queue): Promise<string[]> {
  const bodies: string[] = [];
  for (;;) {
    const received = await queue.receive({ max: 100, waitMs: 0, leaseMs: 30_000 });
    if (received.length === 0) return bodies;
    bodies.push(...received.map((message) => message.body));
    await queue.complete(leases(received));
  }
}

/** Sends from number 300 on and kills the server meanwhile. Returns the numbers that it acknowledged. */
async function sendUntilKilled(
  queue: Queue,
  server: RedisServer,
  padding: number,
): Promise<readonly number[]> {
  const acknowledged: number[] = [];
  for (let next = 300; ; next += 10) {
    const batch = messages(next, next + 10).map(({ body }) => ({ body: body + ' '.repeat(padding) }));
    const killing = next === 1_000 ? server.kill() : undefined;
    const results = await queue.send(batch);
    acknowledged.push(...results.flatMap((result, index) => (result.ok ? [next + index] : [])));
    if (killing !== undefined) {
      await killing;
      return acknowledged;
    }
  }
}

describe('a Redis that is killed and started again', () => {
  it('is reported while it is away and goes on with all jobs and leases', async () => {
    const server = await start('--appendonly', 'yes', '--appendfsync', 'always');
    const queue = open(server);
    await queue.send(messages(0, 20));
    const held = await queue.receive({ max: 5, waitMs: 0, leaseMs: 60_000 });
    expect(held).toHaveLength(5);
    await server.kill();

    expect(await queue.send([{ body: 'x' }])).toMatchObject([{ ok: false, code: 'unavailable' }]);
    expect(await queue.extend(leases(held.slice(0, 1)), 60_000)).toMatchObject([
      { ok: false, code: 'unavailable' },
    ]);
    await expect(queue.receive({ max: 1, waitMs: 0, leaseMs: 1_000 })).rejects.toMatchObject({
      code: 'queue_unavailable',
      retryable: true,
    });
    await expect(queue.counts()).rejects.toMatchObject({ code: 'queue_unavailable', retryable: true });

    await server.start();
    await expect
      .poll(() => queue.counts().catch(() => 'away'), { timeout: 10_000 })
      .toMatchObject({
        backlog: 15,
        inFlight: 5,
      });
    expect((await queue.complete(leases(held))).every((result) => result.ok)).toBe(true);
    expect(await receiveAll(queue)).toHaveLength(15);
  });

  it('ends a long poll with an error that says to try again', async () => {
    const server = await start();
    const queue = open(server);
    await queue.counts();
    const poll = Promise.allSettled([queue.receive({ max: 1, waitMs: 20_000, leaseMs: 1_000 })]);
    await server.kill();
    expect(await poll).toMatchObject([
      { status: 'rejected', reason: { code: 'queue_unavailable', retryable: true } },
    ]);
  });
});

describe('a Redis that hangs with its connections open', () => {
  it('leaves no call waiting, and is used again when it goes on', async () => {
    const server = await start();
    const queue = open(server);
    await queue.send([{ body: 'a' }]);
    server.pause();
    const [sent, received] = await Promise.all([
      queue.send([{ body: 'b' }]),
      queue.receive({ max: 1, waitMs: 1_000, leaseMs: 1_000 }).catch((error: unknown) => error),
    ]);
    expect(sent).toMatchObject([{ ok: false, code: 'unavailable' }]);
    expect(received).toMatchObject({ code: 'queue_unavailable' });
    server.goOn();
    await expect.poll(() => queue.send([{ body: 'c' }]), { timeout: 10_000 }).toMatchObject([{ ok: true }]);
  });
});

describe('a master that is killed and its replica promoted', () => {
  async function pair(...settings: string[]) {
    const master = await start('--appendonly', 'yes', ...settings);
    const replica = await start('--appendonly', 'yes', '--replicaof', `127.0.0.1 ${master.port}`);
    await expect
      .poll(() => command(replica, (redis) => redis.info('replication')), { timeout: 10_000 })
      .toContain('master_link_status:up');
    return { master, replica };
  }

  it.for([
    { replica: 'in step', padding: 0, minLost: 0 },
    { replica: 'behind', padding: 64_000, minLost: 1 },
  ])(
    'loses at most the newest jobs with a replica $replica, and repeats nothing',
    async ({ padding, minLost }, { annotate }) => {
      const { master, replica } = await pair();
      const queue = open(master);
      await queue.send(messages(0, 300));
      await command(master, async (redis) => {
        await redis.set('barrier', 1);
        expect(await redis.wait(1, 10_000)).toBe(1);
      });
      if (minLost > 0) replica.pause();
      const acknowledged = await sendUntilKilled(queue, master, padding);
      replica.goOn();
      await command(replica, (redis) => redis.replicaof('NO', 'ONE'));

      const there = await receiveAll(open(replica));
      const numbers = new Set(there.map(numberOf));
      expect(numbers.size).toBe(there.length);
      const lost = [...Array(300).keys(), ...acknowledged].filter((number) => !numbers.has(number));
      await annotate(`failover: ${300 + acknowledged.length} jobs acknowledged, ${lost.length} of them lost`);
      // A loss is the tail of what was sent: what was replicated by then is all there.
      const newest = Math.max(...numbers);
      expect(newest).toBeGreaterThanOrEqual(299);
      expect(lost.every((number) => number > newest)).toBe(true);
      expect(lost.length).toBeGreaterThanOrEqual(minLost);
    },
  );

  it('takes no job that only the master would have, where min-replicas-to-write asks for it', async () => {
    const { master, replica } = await pair('--min-replicas-to-write', '1', '--min-replicas-max-lag', '10');
    const queue = open(master);
    expect(await queue.send([{ body: 'a' }])).toMatchObject([{ ok: true }]);
    await replica.kill();
    await expect
      .poll(() => queue.send([{ body: 'b' }]), { timeout: 10_000 })
      .toMatchObject([
        { ok: false, code: 'unavailable', message: expect.stringContaining('NOREPLICAS') as string },
      ]);
  });
});
