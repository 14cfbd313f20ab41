/** A lease in a row of PostgreSQL, by the server's clock. */
import { LongshoreError, systemClock, type Clock } from '@longshore/job';
import { DEFAULT_LEASE_MS, LEASE_SAFETY_SHARE, type LeaderLease } from './leader-lease.ts';

/** The part of a PostgreSQL client or pool that is used; `pg` has it. */
export interface PostgresQueries {
  query(text: string, values: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/** Options of {@link postgresLease}. */
export interface PostgresLeaseOptions {
  /** It stays the caller's. */
  readonly client: PostgresQueries;
  /** Name of this contender, its own. */
  readonly holder: string;
  /** Name of the lease. Default `autoscaler`. */
  readonly name?: string;
  /** Default 30,000. */
  readonly leaseMs?: number;
  readonly clock?: Clock;
}

const TABLE = 'longshore_leases';
/** Class of `undefined_table`. */
const UNDEFINED_TABLE = '42P01';

// "IF NOT EXISTS" alone lets one of two who create at once fail.
const SCHEMA = `DO $$ BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('${TABLE}'));
  CREATE TABLE IF NOT EXISTS ${TABLE} (
    name text PRIMARY KEY, holder text NOT NULL, term bigint NOT NULL, expires timestamptz NOT NULL);
END $$`;

const RENEW = `INSERT INTO ${TABLE} AS held (name, holder, term, expires)
  VALUES ($1, $2, 1, now() + $3 * interval '1 millisecond')
  ON CONFLICT (name) DO UPDATE SET
    term = CASE WHEN held.holder = $2 AND held.expires > now() THEN held.term ELSE held.term + 1 END,
    holder = $2, expires = now() + $3 * interval '1 millisecond'
  WHERE held.holder = $2 OR held.expires <= now()
  RETURNING term`;

const LOOK = `SELECT term FROM ${TABLE} WHERE name = $1`;
const RELEASE = `UPDATE ${TABLE} SET expires = now() WHERE name = $1 AND holder = $2`;

/** A lease in PostgreSQL. Makes its table when it is missing. */
export function postgresLease(options: PostgresLeaseOptions): LeaderLease {
  const { client, holder, name = 'autoscaler', leaseMs = DEFAULT_LEASE_MS, clock = systemClock } = options;
  const query = async (text: string, values: unknown[]): Promise<readonly unknown[]> => {
    try {
      return (await client.query(text, values)).rows;
    } catch (cause) {
      if (codeOf(cause) === UNDEFINED_TABLE) {
        await client.query(SCHEMA, []);
        return (await client.query(text, values)).rows;
      }
      throw cause;
    }
  };
  const reaching = async <Value>(act: () => Promise<Value>): Promise<Value> => {
    try {
      return await act();
    } catch (cause) {
      throw new LongshoreError(
        'lease_unavailable',
        'Cannot reach the lease of the autoscaler in PostgreSQL',
        {
          cause,
          retryable: true,
        },
      );
    }
  };
  return {
    renew: () =>
      reaching(async () => {
        const startedMs = clock.nowMs();
        const [taken] = await query(RENEW, [name, holder, leaseMs]);
        if (taken === undefined) {
          const [held] = await query(LOOK, [name]);
          return { isLeader: false, term: termOf(held), untilMs: 0 };
        }
        const untilMs = startedMs + leaseMs * (1 - LEASE_SAFETY_SHARE);
        return { isLeader: true, term: termOf(taken), untilMs };
      }),
    release: () =>
      reaching(async () => {
        await query(RELEASE, [name, holder]);
      }),
  };
}

function termOf(row: unknown): number {
  return typeof row === 'object' && row !== null && 'term' in row ? Number(row.term) : 0;
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
