/** Connections to the warehouse: TLS that verifies, or none on request; passwords, or RDS IAM tokens made for each connection. */
import { readFile } from 'node:fs/promises';
import { LongshoreError } from '@longshore/job';
import pg from 'pg';

/** Options of {@link connectWarehouse}. */
export interface WarehouseConnection {
  /** `postgres://user:password@host:port/database`. Parameters of the query are refused, but `sslmode=verify-full`. */
  readonly url: string;
  /** `verify-full` checks the certificate and the host name; `insecure` uses no TLS. Default `verify-full`. */
  readonly tls?: 'verify-full' | 'insecure';
  /** PEM file of the authorities to trust, such as the bundle of RDS. Default: those of Node.js. */
  readonly caPath?: string;
  /**
   * Called for each new connection instead of using the URL's password: RDS checks a token of 15 minutes when a
   * connection is made, and never again.
   */
  readonly password?: () => Promise<string>;
  /** Most connections. Default 2: one writes while the next batch or a look at the schema goes on. */
  readonly maxConnections?: number;
}

const DEFAULT_CONNECTIONS = 2;
/** A server that does not answer is as down as one that refuses. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Makes a pool. Nothing is connected before it is used.
 *
 * @throws LongshoreError `invalid_options`
 */
export async function connectWarehouse(options: WarehouseConnection): Promise<pg.Pool> {
  const { tls = 'verify-full', caPath, password, maxConnections = DEFAULT_CONNECTIONS } = options;
  const url = checkedUrl(options.url);
  if (tls === 'insecure' && password !== undefined)
    throw new LongshoreError(
      'invalid_options',
      'IAM tokens need TLS: leave LONGSHORE_WAREHOUSE_TLS out or set "verify-full"',
    );
  const ca = caPath === undefined ? undefined : await authorities(caPath);
  const pool = new pg.Pool({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 5432 : Number(url.port),
    database: decodeURIComponent(url.pathname.slice(1)),
    user: decodeURIComponent(url.username),
    password: password ?? decodeURIComponent(url.password),
    ssl: tls === 'insecure' ? false : { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) },
    max: maxConnections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    application_name: 'longshore-warehouse',
  });
  // An idle connection that breaks is replaced at the next use; without a listener it would end the process.
  pool.on('error', () => undefined);
  return pool;
}

function checkedUrl(text: string): URL {
  const wrong = (why: string): LongshoreError =>
    new LongshoreError(
      'invalid_options',
      `The warehouse's URL ${why}: give postgres://user:password@host:5432/database`,
    );
  if (!URL.canParse(text)) throw wrong('is not a URL');
  const url = new URL(text);
  if (!/^postgres(?:ql)?:$/.test(url.protocol)) throw wrong(`begins with "${url.protocol}"`);
  if (url.hostname === '' || url.username === '' || url.pathname.length < 2)
    throw wrong('lacks a host, a user or a database');
  for (const [name, value] of url.searchParams) {
    if (name === 'sslmode' && value === 'verify-full') continue;
    if (name === 'sslmode')
      throw wrong(
        `asks for sslmode=${value}, which does not check who answers; only verify-full is taken, or LONGSHORE_WAREHOUSE_TLS=insecure for none`,
      );
    throw wrong(`has the parameter "${name}", which is not understood`);
  }
  return url;
}

async function authorities(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new LongshoreError(
      'invalid_options',
      `Cannot read the certificate authorities of the warehouse at "${path}": check LONGSHORE_WAREHOUSE_CA`,
      { cause },
    );
  }
}
