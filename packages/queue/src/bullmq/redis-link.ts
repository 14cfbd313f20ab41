/**
 * A connection to Redis for commands that answer at once. It is opened at first use, checked for what a queue needs,
 * and comes back by itself. Nothing waits in it while it is away: a command is answered, or fails, within seconds, and
 * is never sent twice, since a repeated send would be a second job.
 */
import { LongshoreError, sleep } from '@longshore/job';
import { RedisConnection } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import { serverName, type RedisConnectionOptions } from './options.ts';

/** A Redis that was silent this long while a command waited for it is gone; its connection is torn down. */
export const SILENCE_MS = 5_000;
/** How long a call waits for the connection to come back: long enough for a blip, short enough to say so. */
const READY_WITHIN_MS = 2_000;
const RECONNECT_MIN_MS = 50;
const RECONNECT_MAX_MS = 2_000;
/** Blocking commands with fractions of seconds and the scripts of BullMQ 6 want it. */
const MIN_VERSION: readonly [number, number] = [6, 2];

/** Settings that both connections of a queue share. */
export function openRedis(connection: RedisConnectionOptions, more: RedisOptions): Redis {
  const settings: RedisOptions & { replyMapping: 'legacy' } = {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: SILENCE_MS,
    socketTimeout: SILENCE_MS,
    retryStrategy: (times) => Math.min(RECONNECT_MIN_MS * 2 ** Math.min(times, 10), RECONNECT_MAX_MS),
    // A master that was demoted refuses writes; the name may lead to its successor by now.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    ...more,
    // BullMQ reads replies in the form of RESP2.
    replyMapping: 'legacy',
  };
  if ('url' in connection) return new Redis(connection.url, settings);
  const { tls = false, ...rest } = connection;
  return new Redis({ ...rest, ...settings, ...(tls ? { tls: {} } : {}) });
}

/** The connection of one queue. */
export class RedisLink {
  /** For commands of ours beside BullMQ's. Batches by itself: what is called in one turn goes out in one write. */
  readonly redis: Redis;
  readonly #server: string;
  #checked: RedisConnection | undefined;
  #checking: Promise<RedisConnection> | undefined;
  #lastFault: Error | undefined;
  #closed = false;

  constructor(connection: RedisConnectionOptions) {
    this.#server = serverName(connection);
    this.redis = openRedis(connection, { enableAutoPipelining: true });
    this.redis.on('error', (error: Error) => {
      this.#lastFault = error;
    });
    // After a reconnect it may be another server with other settings.
    this.redis.on('close', () => {
      this.#checked = undefined;
    });
  }

  /** BullMQ's view of the connection. Throws `closed`, `invalid_options`, `queue_unavailable`. */
  async ready(): Promise<RedisConnection> {
    if (this.#closed)
      throw new LongshoreError('closed', `Cannot use Redis at ${this.#server}: the queue is closed`);
    if (this.#checked !== undefined) return this.#checked;
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // What was called before is answered before.
    if (this.#isReady()) await this.redis.quit().catch(() => undefined);
    this.redis.disconnect();
  }

  async #check(): Promise<RedisConnection> {
    await this.#connect();
    const fault = serverFault(await this.redis.info());
    if (fault !== undefined) {
      throw new LongshoreError(
        'invalid_options',
        `Cannot use Redis at ${this.#server} as a queue: ${fault}`,
        {
          details: { server: this.#server },
        },
      );
    }
    const connection = new RedisConnection(this.redis, {
      shared: true,
      blocking: false,
      skipVersionCheck: true,
    });
    // Its own listeners get every error, and an 'error' event without a listener ends the process.
    connection.on('error', () => undefined);
    this.redis.once('close', () => void connection.close().catch(() => undefined));
    await connection.client;
    if (this.#isReady()) this.#checked = connection;
    return connection;
  }

  /** A call, since a compiler that saw the status once does not know that other turns change it. */
  #isReady(): boolean {
    return this.redis.status === 'ready';
  }

  async #connect(): Promise<void> {
    if (this.redis.status === 'wait') await this.redis.connect().catch(() => undefined);
    if (this.#isReady()) return;
    const arrived = new AbortController();
    const arrive = (): void => arrived.abort();
    this.redis.once('ready', arrive).once('end', arrive);
    await sleep(READY_WITHIN_MS, { signal: arrived.signal });
    this.redis.off('ready', arrive).off('end', arrive);
    if (this.#isReady()) return;
    throw new LongshoreError(
      'queue_unavailable',
      `Redis at ${this.#server} is out of reach: ${this.#lastFault?.message ?? 'no connection'}`,
      { cause: this.#lastFault, retryable: true, details: { server: this.#server } },
    );
  }
}

/** Why this server cannot hold a queue, by its INFO: that needs no right to CONFIG, which managed Redis forbids. */
export function serverFault(info: string): string | undefined {
  const [major = 0, minor = 0] = (field(info, 'redis_version') ?? '').split('.').map(Number);
  const [minMajor, minMinor] = MIN_VERSION;
  if (major < minMajor || (major === minMajor && minor < minMinor))
    return `it is version ${major}.${minor}; upgrade it to ${minMajor}.${minMinor} or newer`;
  const policy = field(info, 'maxmemory_policy');
  if (policy === 'noeviction') return undefined;
  return (
    `its maxmemory-policy is "${policy ?? 'unknown'}", which deletes jobs when memory runs short; ` +
    'set maxmemory-policy to noeviction in its configuration or parameter group'
  );
}

function field(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
}
