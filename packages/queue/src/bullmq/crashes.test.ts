/** Workers die with their leases: what happens to the jobs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Queue as PlainQueue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bullmqQueue } from './bullmq-queue.ts';
import { startRedis, type RedisServer } from './fixtures/redis-server.ts';
import type { BullmqQueueOptions } from './options.ts';

const HOLDER = fileURLToPath(new URL('fixtures/lease-holder.ts', import.meta.url));

interface Completed {
  readonly body: string;
  readonly receiveCount: number;
}

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

async function run(
  options: BullmqQueueOptions,
  completes: number,
  then: 'crash' | 'drain',
): Promise<Completed[]> {
  const child = spawn(process.execPath, [HOLDER, JSON.stringify(options), String(completes), then], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = (await text(child.stdout)).split('\n').filter((line) => line !== '');
  const [code, signal] = (await exited) as [number | null, string | null];
  expect(then === 'crash' ? signal : code).toBe(then === 'crash' ? 'SIGKILL' : 0);
  return lines.map((line) => JSON.parse(line) as Completed);
}

describe('jobs of a process that was killed', () => {
  it('come back after their lease and say that it is their second delivery', async () => {
    const options = { name: 'killed', connection: { url: server.url } };
    await using queue = bullmqQueue(options);
    await queue.send(['a', 'b', 'c'].map((body) => ({ body })));
    expect(await run(options, 1, 'crash')).toHaveLength(1);
    const back: Completed[] = [];
    while (back.length < 2) back.push(...(await queue.receive({ max: 10, waitMs: 10_000, leaseMs: 30_000 })));
    expect(back.map(({ body, receiveCount }) => `${body}: ${receiveCount}`).sort()).toEqual(['b: 2', 'c: 2']);
  });

  it('come back for a queue that is only counted, so that a fleet at zero wakes up', async () => {
    const options = { name: 'at-zero', connection: { url: server.url } };
    await using queue = bullmqQueue(options);
    await queue.send([{ body: 'a' }, { body: 'b' }]);
    await run(options, 1, 'crash');
    await expect
      .poll(() => queue.counts(), { timeout: 20_000 })
      .toEqual({ backlog: 1, inFlight: 0, delayed: 0 });
  });

  it('are never given up: 400 jobs, 24 kills, none lost, none failed', { timeout: 120_000 }, async () => {
    const options = {
      name: 'stormy',
      deadLetterName: 'stormy-dlq',
      connection: { url: server.url },
      maxReceives: 50,
    };
    await using queue = bullmqQueue(options);
    const bodies = Array.from({ length: 400 }, (_, index) => `job-${index}`);
    await queue.send(bodies.map((body) => ({ body })));

    const completed: Completed[] = [];
    const crash = async (kills: number): Promise<void> => {
      for (let kill = 0; kill < kills; kill += 1) completed.push(...(await run(options, 3, 'crash')));
    };
    await Promise.all([crash(8), crash(8), crash(8)]);
    completed.push(...(await run(options, 0, 'drain')));

    expect(new Set(completed.map(({ body }) => body))).toEqual(new Set(bodies));
    // BullMQ's own limit would have failed every job that stalled twice.
    expect(Math.max(...completed.map(({ receiveCount }) => receiveCount))).toBeGreaterThan(2);
    const redis = new Redis(server.port, '127.0.0.1', { maxRetriesPerRequest: null });
    const plain = new PlainQueue('stormy', { connection: redis });
    expect(await plain.getJobCounts('failed', 'wait', 'active', 'delayed')).toMatchObject({
      failed: 0,
      wait: 0,
      active: 0,
    });
    await plain.close();
    redis.disconnect();
    await using deadLetters = bullmqQueue({ name: 'stormy-dlq', connection: { url: server.url } });
    expect(await deadLetters.counts()).toMatchObject({ backlog: 0 });
  });
});
