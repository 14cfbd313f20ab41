/**
 * An effect and its record in one transaction of the caller: both are committed or neither is. This is the one form
 * that is exactly once, for effects that are writes to the same database.
 */
import { LongshoreError } from '@longshore/job';
import { assertOnceKey, onceKeyHash } from '../key.ts';
import { DEFAULT_RETENTION_MS } from '../once-options.ts';
import { decodeResult, encodeResult } from '../recorded-result.ts';
import { assertTable, DEFAULT_TABLE, queryRows, type PostgresClient } from './claim-table.ts';

/** Options of {@link onceInTransaction}. */
export interface OnceInTransactionOptions {
  /** As {@link postgresOnceSchema} makes it; may be that of a {@link postgresOnceStore}. Default `longshore_once`. */
  readonly table?: string;
  /** How long the result is remembered. Default 30 days. */
  readonly retentionMs?: number;
}

const SAVEPOINT = 'longshore_once';

/**
 * Runs an effect whose key was never done in the caller's transaction, and records what it returns there; else returns
 * what is recorded. The caller begins and commits. A second transaction with the same key waits for the first to end
 * (set `lock_timeout` to bound that). An effect that throws is rolled back to where it began, its error thrown.
 *
 * @param client one connection, within a transaction; the effect writes by the same one
 * @throws LongshoreError `invalid_options` outside a transaction; `once_busy` (retryable) when the key is claimed by a
 * `postgresOnceStore`; `once_result_refused`: the result is no JSON, and the effect is rolled back; `once_unavailable`
 * (retryable) when a statement fails: roll back and begin again; `invalid_key`, `once_corrupt`
 * @example
 * ```ts
 * import { onceInTransaction, type PostgresClient } from '@longshore/once/postgres';
 *
 * export async function settle(client: PostgresClient, orderId: string, cents: number): Promise<void> {
 *   await client.query('BEGIN');
 *   try {
 *     await onceInTransaction(client, `settle:${orderId}`, async () => {
 *       await client.query('UPDATE accounts SET cents = cents - $1 WHERE order_id = $2', [cents, orderId]);
 *     });
 *     await client.query('COMMIT');
 *   } catch (error) {
 *     await client.query('ROLLBACK');
 *     throw error;
 *   }
 * }
 * ```
 */
export async function onceInTransaction<Result>(
  client: PostgresClient,
  key: string,
  effect: () => Promise<Result>,
  options: OnceInTransactionOptions = {},
): Promise<Result> {
  const { table = DEFAULT_TABLE, retentionMs = DEFAULT_RETENTION_MS } = options;
  assertOnceKey(key);
  assertTable(table);
  await begin(client, key);
  try {
    const result = await runInside(client, key, effect, { table, retentionMs });
    await queryRows(client, key, `RELEASE SAVEPOINT ${SAVEPOINT}`);
    // What the record says; that it is a `Result` is the word of whoever chose the key.
    return result as Result;
  } catch (error) {
    // On a broken connection there is nothing to roll back: the server does so. The first error says why.
    await queryRows(client, key, `ROLLBACK TO SAVEPOINT ${SAVEPOINT}`).catch(() => undefined);
    throw error;
  }
}

/** A savepoint can only be set within a transaction, so that it also proves that there is one. */
async function begin(client: PostgresClient, key: string): Promise<void> {
  try {
    await client.query(`SAVEPOINT ${SAVEPOINT}`);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LongshoreError(
      'invalid_options',
      `Cannot run effect "${key}" in a transaction: ${reason}; send BEGIN on this client first, and pass no pool`,
      { cause, details: { key } },
    );
  }
}

async function runInside(
  client: PostgresClient,
  key: string,
  effect: () => Promise<unknown>,
  { table, retentionMs }: Required<OnceInTransactionOptions>,
): Promise<unknown> {
  const hash = onceKeyHash(key);
  const insert = `INSERT INTO ${table} AS t (key_hash, fence, lease_until, expires_at)
    VALUES ($1, 1, clock_timestamp(), clock_timestamp() + $2::float8 * interval '1 millisecond')
    ON CONFLICT (key_hash) DO UPDATE SET
      owner = NULL, record = NULL, fence = t.fence + 1,
      lease_until = excluded.lease_until, expires_at = excluded.expires_at
    WHERE t.expires_at <= clock_timestamp() OR (t.record IS NULL AND t.lease_until <= clock_timestamp())
    RETURNING fence`;
  const [taken] = await queryRows(client, key, insert, [hash, retentionMs]);
  if (taken === undefined)
    return await recorded(client, key, `SELECT * FROM ${table} WHERE key_hash = $1`, hash);
  const record = encodeResult(await effect());
  // Throws when the result is refused: then nothing of the effect remains.
  const result = decodeResult(key, record);
  await queryRows(client, key, `UPDATE ${table} SET record = $2 WHERE key_hash = $1`, [hash, record]);
  return result;
}

async function recorded(client: PostgresClient, key: string, select: string, hash: string): Promise<unknown> {
  const [row] = await queryRows(client, key, select, [hash]);
  if (typeof row?.['record'] === 'string') return decodeResult(key, row['record']);
  throw new LongshoreError(
    'once_busy',
    `Effect "${key}" is claimed by a postgresOnceStore: roll back and try again later`,
    { details: { key }, retryable: true },
  );
}
