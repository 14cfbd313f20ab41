/** Delivery in PostgreSQL, for a fleet: several processes send, none sends what another holds. */
import { LongshoreError } from '@longshore/job';
import { Pool, type PoolClient, type PoolConfig } from 'pg';
import type { DeliveryStore } from '../store/delivery-store.ts';
import { sqlDeliveryStore } from '../store/sql-delivery-store.ts';
import type { Row, Run, Sql } from '../store/sql.ts';

/** Options of {@link postgresDeliveryStore}. */
export interface PostgresDeliveryStoreOptions {
  /** How to connect. The tables `longshore_…` lie in the first schema of the `search_path`. */
  readonly pool: PoolConfig;
  /** Told of connections that break while nobody uses them. Default: nobody. */
  readonly onIdleError?: (error: Error) => void;
}

/** "LSDL": the advisory lock under which tables are made. */
const LOCK = 0x4c_53_44_4c;

/**
 * Classes of SQLSTATE that no later try changes: 22 wrong data, 23 broken constraint, 28 wrong credentials, 3D no such
 * database, 42 no such table, column or permission. https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const LASTING = /^(?:22|23|28|3D|42)/;

/** Opens the store. @throws LongshoreError `delivery_unavailable` (retryable), `invalid_options` */
export async function postgresDeliveryStore(options: PostgresDeliveryStoreOptions): Promise<DeliveryStore> {
  const pool = new Pool(options.pool);
  // Without a listener a connection that breaks while it is idle ends the process; the pool has dropped it by then.
  pool.on('error', (error) => options.onIdleError?.(error));
  return await sqlDeliveryStore(postgresSql(pool));
}

function postgresSql(pool: Pool): Sql {
  let closing: Promise<void> | undefined;
  return {
    run: runOn(pool),
    transaction: (work) => inTransaction(pool, work),
    forUpdate: 'FOR UPDATE',
    skipLocked: 'SKIP LOCKED',
    lockSchema: `SELECT pg_advisory_xact_lock(${LOCK})`,
    close: () => (closing ??= pool.end()),
  };
}

function runOn(client: Pool | PoolClient): Run {
  return async (text, values = []) => {
    try {
      return (await client.query<Row>(text, [...values])).rows;
    } catch (cause) {
      throw postgresFault(cause);
    }
  };
}

async function inTransaction<Result>(pool: Pool, work: (run: Run) => Promise<Result>): Promise<Result> {
  const client = await pool.connect().catch((cause: unknown) => {
    throw postgresFault(cause);
  });
  const run = runOn(client);
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

function postgresFault(cause: unknown): LongshoreError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const sqlState = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const options = { cause, details: { sqlState } };
  return LASTING.test(sqlState)
    ? new LongshoreError('invalid_options', `PostgreSQL refuses what delivery asks: ${reason}`, options)
    : new LongshoreError(
        'delivery_unavailable',
        `Cannot reach the delivery tables in PostgreSQL: ${reason}`,
        {
          ...options,
          retryable: true,
        },
      );
}
