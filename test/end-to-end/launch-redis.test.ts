/** Services on BullMQ, with a real Redis. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './stage.ts';

const INDEXING = fileURLToPath(new URL('../../services/indexing/src/main.ts', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'longshore-launch-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a service process', () => {
  it('runs on BullMQ by its settings alone, and refuses a Redis that may throw jobs away', async () => {
    for (const [policy, code] of [
      ['allkeys-lru', 2],
      ['noeviction', 0],
    ] as const) {
      await using redis = await startRedis(policy);
      const child = spawn(process.execPath, [INDEXING], {
        env: {
          PATH: process.env['PATH'],
          LONGSHORE_REDIS_URL: redis.url,
          LONGSHORE_OBJECTS: pathToFileURL(join(folder, 'objects')).href,
          LONGSHORE_SEARCH_INDEX: join(folder, 'search.db'),
        },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const exited = once(child, 'exit');
      let log = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
      await until('it has started or given up', () =>
        Promise.resolve(log.includes('Worker started') || child.exitCode !== null),
      );
      child.kill('SIGTERM');
      expect(await exited).toEqual([code, null]);
      expect(log.includes('maxmemory-policy')).toBe(policy !== 'noeviction');
    }
  });
});

/** A Redis server of its own for one test. */
async function startRedis(policy: string): Promise<{ readonly url: string } & AsyncDisposable> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  const settings = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--maxmemory-policy',
    policy,
  ];
  const child = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'ignore'] });
  const failed = once(child, 'error').then(([error]) => {
    throw new Error('Install Redis for this test (Debian: apt-get install redis-server)', { cause: error });
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await Promise.race([
    failed,
    until('Redis is ready', () => Promise.resolve(output.includes('Ready to accept'))),
  ]);
  return {
    url: `redis://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}
