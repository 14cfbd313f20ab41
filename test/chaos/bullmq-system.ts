/** BullMQ on a real Redis. Its transport is no HTTP, so it meets the kills but no faulty network. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import type { System } from './system.ts';
import { MAX_ATTEMPTS, jobIdOf, type Task } from './task.ts';

/** A second between attempts at first, as SQS has it at least. */
const RETRY = { attempts: MAX_ATTEMPTS, backoff: { type: 'exponential', delay: 1_000 } } as const;

/** BullMQ with its default lock of 30 s, or with a shorter one. */
export function bullmqSystem({ lockMs }: { readonly lockMs?: number } = {}): System {
  const lock = lockMs === undefined ? 'default lock 30 s' : `lock ${lockMs / 1_000} s`;
  return {
    name: `bullmq 6.7 (${lock})`,
    settings: `concurrency 10, ${MAX_ATTEMPTS} attempts with exponential backoff, ${lock} and stalledInterval alike, maxStalledCount as by default 1, kills but no network faults`,
    fixture: new URL('./fixture-bullmq.ts', import.meta.url),
    drainMs: 240_000,
    async open({ folder }) {
      const path = join(folder, 'redis.sock');
      const redis = await startRedis(path);
      const queue = new Queue<unknown>('jobs', { connection: { path } });
      queue.on('error', () => undefined);
      return {
        envOf: () => ({ REDIS: path, ...(lockMs === undefined ? {} : { LOCK_MS: String(lockMs) }) }),
        async enqueue(tasks) {
          await queue.addBulk(
            tasks.map((task) => ({
              name: 'work',
              data: dataOf(task),
              opts: { jobId: jobIdOf(task.n), ...RETRY },
            })),
          );
        },
        async counts() {
          const counts = await queue.getJobCounts('waiting', 'active', 'delayed');
          const unfinished = Object.values(counts).reduce((sum, count) => sum + count, 0);
          return { waiting: counts['waiting'] ?? 0, unfinished };
        },
        async dead() {
          const failed = await queue.getFailed(0, -1);
          return failed.map(({ id = '', failedReason, attemptsMade }) => ({
            n: Number(id.slice(jobIdOf(0).length - 1)),
            code: 'failed',
            reason: failedReason,
            failedAttempts: attemptsMade,
          }));
        },
        async [Symbol.asyncDispose]() {
          await queue.close();
          const exited = once(redis, 'exit');
          redis.kill('SIGTERM');
          await exited;
        },
      };
    },
  };
}

function dataOf(task: Task): unknown {
  if (task.does === 'garbled') return { this: 'is no task' };
  return task.does === 'invalid' ? { ...task, workMs: 'soon' } : task;
}

async function startRedis(path: string) {
  const args = ['--port', '0', '--unixsocket', path, '--save', '', '--appendonly', 'no'];
  const redis = spawn('redis-server', [...args, '--maxmemory-policy', 'noeviction'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const chunk of redis.stdout) if (String(chunk).includes('eady to accept')) break;
  return redis;
}
