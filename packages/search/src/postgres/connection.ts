/**
 * How the index talks to PostgreSQL: transactions with timeouts of their own on a pool that is the caller's, and what a
 * failure means to the caller.
 */
import { LongshoreError } from '@longshore/job';

/** A connection of `pg`, or what has these. */
export interface PostgresConnection {
  query(
    text: string,
    values?: unknown[],
  ): Promise<{ readonly rows: readonly unknown[]; readonly rowCount: number | null }>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  /** With `true` the connection is thrown away. */
  release(isBroken?: boolean): void;
}

/** A `Pool` of `pg`. */
export interface PostgresPool {
  connect(): Promise<PostgresConnection>;
}

/** A row as `pg` returns it. */
export type Row = Readonly<Record<string, unknown>>;

/** Runs statements in the transaction that is open. */
export type Run = (text: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

/** How long the statements of a transaction may take. */
export interface TransactionTimes {
  readonly statementTimeoutMs: number;
  /** Longest wait for a lock of another. */
  readonly lockTimeoutMs: number;
}

/**
 * Runs `work` in a transaction, which is rolled back when it throws. A connection that died is thrown away.
 *
 * @throws LongshoreError `index_unavailable`; a fault of the data itself is thrown as `pg` says it, see {@link isDataFault}
 */
export async function inTransaction<Value>(
  pool: PostgresPool,
  times: TransactionTimes,
  work: (run: Run) => Promise<Value>,
): Promise<Value> {
  let connection: PostgresConnection;
  try {
    connection = await pool.connect();
  } catch (cause) {
    throw unavailable(cause);
  }
  // A connection that ends while no statement runs says so by an event; unheard, it would end the process.
  const hear = (): void => undefined;
  connection.on('error', hear);
  let isBroken = false;
  try {
    // In one round trip; `SET LOCAL` leaves nothing behind, so a proxy may share the session.
    await connection.query(
      `BEGIN; SET LOCAL statement_timeout = ${times.statementTimeoutMs}; SET LOCAL lock_timeout = ${times.lockTimeoutMs}`,
    );
    const value = await work(
      async (text, values) =>
        (await connection.query(text, values === undefined ? undefined : [...values])).rows as readonly Row[],
    );
    await connection.query('COMMIT');
    return value;
  } catch (error) {
    isBroken = !(await rollBack(connection));
    throw isDataFault(error) || isMissingTable(error) || error instanceof LongshoreError
      ? error
      : unavailable(error);
  } finally {
    connection.off('error', hear);
    connection.release(isBroken);
  }
}

async function rollBack(connection: PostgresConnection): Promise<boolean> {
  try {
    await connection.query('ROLLBACK');
    return true;
  } catch {
    // It is gone, and its transaction with it; the failure that led here is the one to tell.
    return false;
  }
}

/**
 * Whether the data is at fault, so that the same batch fails again while a part of it may not: SQLSTATE classes 22 (data
 * exception), 23 (constraint) and 54 (program limit). https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function isDataFault(error: unknown): error is Error {
  return /^(?:22|23|54)/.test(sqlStateOf(error));
}

/** Whether a table is not there (any more): another process may have replaced it. */
export function isMissingTable(error: unknown): boolean {
  return sqlStateOf(error) === '42P01';
}

function sqlStateOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Classes that no later try changes: 42 no such object or no permission, 28 no login, 3D no database, 0A not supported. */
const LASTING = /^(?:42|28|3D|0A)/;
const TLS_FAULT =
  /SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)|CERT_|ERR_TLS|DEPTH_ZERO|certificate|does not support SSL/i;

/** What a failure of the server, the network or the rights comes to. */
export function unavailable(cause: unknown): LongshoreError {
  const reason = reasonOf(cause);
  const sqlState = sqlStateOf(cause);
  const isTls = TLS_FAULT.test(`${sqlState} ${reason}`);
  const isLasting = isTls || LASTING.test(sqlState);
  return new LongshoreError(
    'index_unavailable',
    `Cannot use the search index in PostgreSQL: ${reason}${remedyFor(sqlState, isTls)}`,
    {
      cause,
      details: { sqlState },
      retryable: !isLasting,
    },
  );
}

function remedyFor(sqlState: string, isTls: boolean): string {
  if (isTls)
    return '; give the pool `ssl: { ca }` with the authority of the server (for RDS its global-bundle.pem), and a server that speaks TLS';
  if (sqlState === '57014') return '; the statement took longer than its timeout allows';
  if (sqlState === '42501')
    return '; writers need SELECT, INSERT, UPDATE and DELETE on the tables longshore_search…, and the role that makes them CREATE on the schema';
  return '';
}

function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === '')
    return cause.errors.map((each) => reasonOf(each)).join(', ');
  return cause instanceof Error ? cause.message : String(cause);
}
