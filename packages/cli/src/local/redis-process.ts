/**
 * A Redis server of this machine's for a local fleet: on a loopback port, its data beside the fleet's, every write on
 * disk within a second. It ends with the process that started it, however that ends.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { LongshoreError } from '@longshore/job';

/** A running server. */
export interface RedisProcess {
  /** `redis://127.0.0.1:<port>` */
  readonly url: string;
  close(): Promise<void>;
}

const START_WITHIN_MS = 10_000;
const ANSWER_WITHIN_MS = 1_000;
const LOOK_EVERY_MS = 20;
/** Of util-linux; ends the child when its parent is gone, even by SIGKILL. */
const SETPRIV = '/usr/bin/setpriv';

/**
 * Starts a server on the data in `folder`.
 *
 * @throws LongshoreError `invalid_options` when `redis-server` is not installed or does not start.
 */
export async function startRedis(folder: string): Promise<RedisProcess> {
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const child = spawnServer(folder, port);
  const output: string[] = [];
  child.stdout?.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(`it ended with ${signal ?? `exit code ${code}`}`));
  });
  const failure = await Promise.race([ended, answering(url)]);
  if (failure !== undefined) {
    child.kill('SIGKILL');
    const last = output.join('').trim().split('\n').at(-1) ?? '';
    throw new LongshoreError(
      'invalid_options',
      `Cannot start redis-server: ${failure}${last === '' ? '' : ` (${last})`}; install Redis 6.2 or newer (Debian: apt-get install redis-server), or set LONGSHORE_REDIS_URL and LONGSHORE_OBJECTS`,
    );
  }
  return {
    url,
    async close() {
      // It saves what it has and leaves.
      if (child.exitCode === null && child.signalCode === null && child.kill('SIGTERM')) await ended;
    },
  };
}

/** Whether a Redis server answers there. */
export async function isRedisAnswering(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  try {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
    await once(socket, 'connect', { signal });
    socket.write('PING\r\n');
    const [answer] = (await once(socket, 'data', { signal })) as [Buffer];
    return answer.toString().startsWith('+PONG');
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function spawnServer(folder: string, port: number): ChildProcess {
  const settings = [
    ['--bind', '127.0.0.1'],
    ['--port', String(port)],
    ['--dir', folder],
    ['--appendonly', 'yes'],
    ['--save', ''],
    // BullMQ's data must not be thrown away under pressure of memory.
    ['--maxmemory-policy', 'noeviction'],
  ].flat();
  const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
  return existsSync(SETPRIV)
    ? spawn(SETPRIV, ['--pdeathsig', 'TERM', 'redis-server', ...settings], { stdio })
    : spawn('redis-server', settings, { stdio });
}

async function answering(url: string): Promise<string | undefined> {
  const endMs = performance.now() + START_WITHIN_MS;
  while (performance.now() < endMs) {
    if (await isRedisAnswering(url)) return undefined;
    await delay(LOOK_EVERY_MS);
  }
  return `it did not answer within ${START_WITHIN_MS / 1_000} s`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
