/** A real redis-server without persistence, and a BullMQ queue on it that is kept full enough not to run dry. */
import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { JOB_NAME, samplePayload } from './workload.ts';

/** A served Redis. */
export interface FilledRedis extends AsyncDisposable {
  readonly port: number;
  readonly queue: string;
  /** Brings the backlog to what one window can take at most. */
  fill(): Promise<void>;
  left(): Promise<number>;
}

const QUEUE = 'bench';
const CHUNK = 1_000;
const START_WITHIN_MS = 10_000;
const OPTIONS = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
/** The server ends when its input does, so also when this process is killed. */
const UNTIL_LET_GO = 'redis-server "$@" & server=$!; read -r _; kill $server; wait $server';

/** Starts one with the `redis-server` of the path. */
export async function startFilledRedis(jobs: number, signal: AbortSignal): Promise<FilledRedis> {
  const port = await freePort();
  // In a group of its own: an interruption must reach it after those who wait for its answers.
  const server = spawn('sh', ['-c', UNTIL_LET_GO, 'sh', '--port', String(port), ...OPTIONS], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const exited = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    server.stdin.end();
    await exited;
  };
  try {
    await untilItAnswers(port, signal);
  } catch (error) {
    await stop();
    throw error;
  }
  const queue = new Queue(QUEUE, { connection: { host: '127.0.0.1', port, maxRetriesPerRequest: null } });
  const left = (): Promise<number> => queue.getWaitingCount();
  return {
    port,
    queue: QUEUE,
    left,
    async fill() {
      for (let missing = jobs - (await left()); missing > 0; missing -= CHUNK) {
        signal.throwIfAborted();
        const chunk = Array.from({ length: Math.min(CHUNK, missing) }, (_, index) => ({
          name: JOB_NAME,
          data: samplePayload(index),
        }));
        await queue.addBulk(chunk);
      }
    },
    async [Symbol.asyncDispose]() {
      await queue.disconnect();
      await stop();
    },
  };
}

async function untilItAnswers(port: number, signal: AbortSignal): Promise<void> {
  const endMs = performance.now() + START_WITHIN_MS;
  const redis = new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: null });
  redis.on('error', () => undefined);
  try {
    while (performance.now() < endMs) {
      const pong = await redis.connect().then(
        () => redis.ping(),
        () => undefined,
      );
      if (pong === 'PONG') return;
      await wait(50, undefined, { signal });
    }
  } finally {
    redis.disconnect();
  }
  throw new Error(
    `redis-server does not answer within ${START_WITHIN_MS} ms: put it on the path, or leave BullMQ out with --only`,
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
