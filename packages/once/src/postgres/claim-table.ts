/** The table that holds claims and results, and how its statements are run and their failures told. */
import { LongshoreError } from '@longshore/job';

/** A client or a pool of `pg`, or what has its `query`. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/** The table that is used when none is named. */
export const DEFAULT_TABLE = 'longshore_once';

const TABLE_NAME = /^[a-z_][a-z0-9_]{0,62}(?:\.[a-z_][a-z0-9_]{0,62})?$/;

/** Class 42 of SQLSTATE: no such table, no permission, a statement that this server does not take. */
const WRONG_USE = /^42/;

/**
 * The SQL that creates the table of {@link postgresOnceStore} and {@link onceInTransaction}, unless it is there. Rows
 * whose `expires_at` has passed may be deleted at any time: `DELETE FROM longshore_once WHERE expires_at < now()`.
 * A row is found by `key_hash = encode(sha256('the key'), 'hex')`.
 *
 * @param table of lower-case letters, digits and `_`, with its schema if need be. Default `longshore_once`.
 * @throws LongshoreError `invalid_options`
 */
export function postgresOnceSchema(table: string = DEFAULT_TABLE): string {
  assertTable(table);
  const name = table.split('.').at(-1) ?? table;
  return `CREATE TABLE IF NOT EXISTS ${table} (
  key_hash text PRIMARY KEY,
  owner text,
  fence bigint NOT NULL,
  lease_until timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  record text
);
CREATE INDEX IF NOT EXISTS ${name.slice(0, 48)}_expires_at ON ${table} (expires_at);
`;
}

/** @throws LongshoreError `invalid_options`, because the name becomes part of statements */
export function assertTable(table: string): void {
  if (TABLE_NAME.test(table)) return;
  throw new LongshoreError(
    'invalid_options',
    `Cannot use table "${table}": a name has lower-case letters, digits and _, and may have one schema before it`,
    { details: { table } },
  );
}

/** Runs a statement for a key. Its rows are those of `RETURNING` or `SELECT`. */
export async function queryRows(
  client: PostgresClient,
  key: string,
  text: string,
  values: unknown[] = [],
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  try {
    const { rows } = await client.query(text, values);
    return rows as readonly Readonly<Record<string, unknown>>[];
  } catch (cause) {
    throw postgresFault(key, cause);
  }
}

function postgresFault(key: string, cause: unknown): LongshoreError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const sqlState = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const details = { key, sqlState };
  return WRONG_USE.test(sqlState)
    ? new LongshoreError(
        'invalid_options',
        `PostgreSQL cannot keep the claim of effect "${key}": ${reason}; create the table with the SQL of` +
          ' postgresOnceSchema(), and let this role select, insert and update there',
        { cause, details },
      )
    : new LongshoreError(
        'once_unavailable',
        `Cannot reach the claim of effect "${key}" in PostgreSQL: ${reason}`,
        {
          cause,
          details,
          retryable: true,
        },
      );
}
