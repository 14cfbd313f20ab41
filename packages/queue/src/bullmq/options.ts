/** How a BullMQ queue is reached, as plain data, so that another thread can open the same queue; and what is wrong with it. */
import { LongshoreError } from '@longshore/job';

/** Where Redis is and who asks. */
export type RedisConnectionOptions =
  | {
      /** `redis://[[user]:password@]host[:port][/db]`; `rediss://` for TLS. */
      readonly url: string;
    }
  | {
      readonly host: string;
      /** Default 6379. */
      readonly port?: number;
      readonly username?: string;
      readonly password?: string;
      /** Number of the database. Default 0. */
      readonly db?: number;
      /** TLS with the system's authorities. Default `false`. */
      readonly tls?: boolean;
    };

/** Options of `bullmqQueue`. */
export interface BullmqQueueOptions {
  /** Name of the queue, as BullMQ's own classes take it. No `:`. */
  readonly name: string;
  /** Queue for dead letters, in the same Redis. Without one, burying is refused and `maxReceives` has no effect. */
  readonly deadLetterName?: string;
  readonly connection: RedisConnectionOptions;
  /** BullMQ's key prefix; producers and tools must use the same. Default `bull`, as in BullMQ. */
  readonly prefix?: string;
  /** Deliveries, crashed ones included, after which a job goes to the dead letters instead. A backstop; default 20. */
  readonly maxReceives?: number;
}

/** Options with every default filled in. */
export interface ResolvedOptions {
  readonly name: string;
  readonly deadLetterName: string | undefined;
  readonly connection: RedisConnectionOptions;
  readonly prefix: string;
  readonly maxReceives: number;
}

/** BullMQ's own default. */
const DEFAULT_PREFIX = 'bull';
/** Far above what crashes alone cause: with 3, one good job in forty is lost to them. */
const DEFAULT_MAX_RECEIVES = 20;

/** Checks options, all at once. Throws `invalid_options`. */
export function resolveOptions(options: BullmqQueueOptions): ResolvedOptions {
  const { name, deadLetterName, connection } = options;
  const { prefix = DEFAULT_PREFIX, maxReceives = DEFAULT_MAX_RECEIVES } = options;
  const faults = [
    nameFault('name', name),
    deadLetterName === undefined ? undefined : nameFault('deadLetterName', deadLetterName),
    deadLetterName === name ? `deadLetterName is "${name}", the queue itself: name another queue` : undefined,
    prefix === '' ? 'prefix is empty: leave it out for "bull"' : undefined,
    Number.isSafeInteger(maxReceives) && maxReceives >= 1
      ? undefined
      : `maxReceives is ${maxReceives}: give a whole number from 1`,
    connectionFault(connection),
  ].filter((fault) => fault !== undefined);
  if (faults.length === 0) return { name, deadLetterName, connection, prefix, maxReceives };
  throw new LongshoreError('invalid_options', `Cannot open a BullMQ queue: ${faults.join('; ')}`, {
    details: { faults },
  });
}

/** The server as a person would name it, without credentials. */
export function serverName(connection: RedisConnectionOptions): string {
  if (!('url' in connection)) return `${connection.host}:${connection.port ?? 6379}`;
  const url = URL.parse(connection.url);
  return url === null ? 'an unreadable URL' : `${url.hostname}:${url.port === '' ? 6379 : url.port}`;
}

function nameFault(option: string, name: string): string | undefined {
  if (name === '') return `${option} is empty: name the queue`;
  return name.includes(':') ? `${option} is "${name}": BullMQ takes no ":" in a name` : undefined;
}

function connectionFault(connection: RedisConnectionOptions): string | undefined {
  if (!('url' in connection)) {
    const { host, port = 6379 } = connection;
    if (host === '') return 'connection.host is empty: name the Redis server';
    const valid = Number.isInteger(port) && port >= 1 && port <= 65_535;
    return valid ? undefined : `connection.port is ${port}: give a port from 1 to 65535`;
  }
  const protocol = URL.parse(connection.url)?.protocol;
  if (protocol === 'redis:' || protocol === 'rediss:') return undefined;
  // The URL may hold a password, so it is not repeated.
  return 'connection.url is no redis:// or rediss:// URL';
}
