/** A database in PostgreSQL, for a fleet. */
import { LongshoreError } from '@longshore/job';
import { Pool, type PoolClient, type PoolConfig } from 'pg';
import type { Row, Run, Sql, SqlUse } from '../sql.ts';

/** Options of {@link postgresSql}. */
export interface PostgresSqlOptions extends SqlUse {
  /** How to connect. Tables lie in the first schema of the `search_path`. */
  readonly pool: PoolConfig;
  /** Number of the advisory lock under which tables are made. */
  readonly lock: number;
  /** Told of connections that break while nobody uses them. Default: nobody. */
  readonly onIdleError?: (error: Error) => void;
}

/**
 * Classes of SQLSTATE that no later try changes: 22 wrong data, 23 broken constraint, 28 wrong credentials, 3D no such
 * database, 42 no such table, column or permission. https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const LASTING = /^(?:22|23|28|3D|42)/;

/** Connects as needed: the first statement tells when nobody answers. */
export function postgresSql(options: PostgresSqlOptions): Sql {
  const pool = new Pool(options.pool);
  // Without a listener a connection that breaks while it is idle ends the process; the pool has dropped it by then.
  pool.on('error', (error) => options.onIdleError?.(error));
  let closing: Promise<void> | undefined;
  return {
    run: runOn(pool, options),
    transaction: (work) => inTransaction(pool, options, work),
    forUpdate: 'FOR UPDATE',
    skipLocked: 'SKIP LOCKED',
    lockSchema: `SELECT pg_advisory_xact_lock(${options.lock})`,
    close: () => (closing ??= pool.end()),
  };
}

function runOn(client: Pool | PoolClient, use: SqlUse): Run {
  return async (text, values = []) => {
    try {
      return (await client.query<Row>(text, [...values])).rows;
    } catch (cause) {
      throw postgresFault(use, cause);
    }
  };
}

async function inTransaction<Result>(
  pool: Pool,
  use: SqlUse,
  work: (run: Run) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect().catch((cause: unknown) => {
    throw postgresFault(use, cause);
  });
  const run = runOn(client, use);
  let broken: Error | undefined;
  try {
    await run('BEGIN');
    const result = await work(run);
    await run('COMMIT');
    return result;
  } catch (error) {
    await run('ROLLBACK').catch((failure: unknown) => {
      broken = failure instanceof Error ? failure : new Error(String(failure));
    });
    throw error;
  } finally {
    // One that cannot roll back is closed, never given to the next.
    client.release(broken);
  }
}

function postgresFault({ what, unavailable }: SqlUse, cause: unknown): LongshoreError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const sqlState = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const options = { cause, details: { sqlState } };
  return LASTING.test(sqlState)
    ? new LongshoreError(
        'invalid_options',
        `PostgreSQL refuses what is asked of the ${what}: ${reason}`,
        options,
      )
    : new LongshoreError(unavailable, `Cannot reach the ${what} in PostgreSQL: ${reason}`, {
        ...options,
        retryable: true,
      });
}
