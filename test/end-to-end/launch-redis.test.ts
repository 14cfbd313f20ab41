/** Services on BullMQ, with a real Redis. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRedis } from './redis-server.ts';
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
