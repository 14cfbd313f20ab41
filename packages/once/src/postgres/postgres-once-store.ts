/** Claims in a table of PostgreSQL, each statement a compare-and-swap of its own. Leases go by the server's clock. */
import { LongshoreError } from '@longshore/job';
import { onceKeyHash } from '../key.ts';
import type { ClaimAnswer, ClaimRequest, HeldClaim, OnceStore } from '../once-store.ts';
import { assertTable, DEFAULT_TABLE, queryRows, type PostgresClient } from './claim-table.ts';

/** Options of {@link postgresOnceStore}. */
export interface PostgresOnceStoreOptions {
  /** A pool. Not a client within a transaction: claims must be seen by others at once. It stays the caller's. */
  readonly client: PostgresClient;
  /** As {@link postgresOnceSchema} makes it. Default `longshore_once`. */
  readonly table?: string;
}

interface Home {
  readonly client: PostgresClient;
  readonly table: string;
  readonly key: string;
}

/** A claim that was refused shows its reason in the next read, unless that reason has just passed. */
const MAX_ROUNDS = 8;

/** A later moment, in SQL. `clock_timestamp()` is the time now, not that of the transaction's start. */
const after = (parameter: string): string =>
  `clock_timestamp() + ${parameter}::float8 * interval '1 millisecond'`;

/**
 * A store of claims in PostgreSQL 12 or newer. An effect that writes to the same database is better kept by
 * {@link onceInTransaction}: then effect and record cannot part.
 *
 * @throws LongshoreError `invalid_options`
 */
export function postgresOnceStore(options: PostgresOnceStoreOptions): OnceStore {
  const { client, table = DEFAULT_TABLE } = options;
  assertTable(table);
  return { claim: (key, request) => claim({ client, table, key }, request) };
}

async function claim(home: Home, request: ClaimRequest): Promise<ClaimAnswer> {
  const { client, table, key } = home;
  const { owner, leaseMs, retentionMs } = request;
  const hash = onceKeyHash(key);
  const insert = `INSERT INTO ${table} AS t (key_hash, owner, fence, lease_until, expires_at)
    VALUES ($1, $2, 1, ${after('$3')}, ${after('($3::float8 + $4::float8)')})
    ON CONFLICT (key_hash) DO UPDATE SET
      owner = excluded.owner, lease_until = excluded.lease_until, expires_at = excluded.expires_at, record = NULL,
      fence = t.fence + CASE WHEN t.owner = excluded.owner THEN 0 ELSE 1 END
    WHERE t.expires_at <= clock_timestamp()
      OR (t.record IS NULL AND (t.lease_until <= clock_timestamp() OR t.owner = excluded.owner OR t.owner IS NULL))
    RETURNING fence`;
  const select = `SELECT record, expires_at > clock_timestamp() AS is_kept,
      extract(epoch FROM lease_until - clock_timestamp())::float8 * 1000 AS busy_for_ms
    FROM ${table} WHERE key_hash = $1`;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const [taken] = await queryRows(client, key, insert, [hash, owner, leaseMs, retentionMs]);
    if (taken !== undefined) {
      return { state: 'held', claim: heldClaim(home, hash, request, Number(taken['fence'])) };
    }
    const [found] = await queryRows(client, key, select, [hash]);
    if (typeof found?.['record'] === 'string' && found['is_kept'] === true) {
      return { state: 'done', record: found['record'] };
    }
    const busyForMs = Number(found?.['busy_for_ms'] ?? 0);
    if (found?.['record'] === null && busyForMs > 0) return { state: 'busy', busyForMs };
  }
  const message = `Cannot claim effect "${key}": its row changed ${MAX_ROUNDS} times while it was read`;
  throw new LongshoreError('once_unavailable', message, { details: { key }, retryable: true });
}

function heldClaim(
  { client, table, key }: Home,
  hash: string,
  { owner, retentionMs }: ClaimRequest,
  fence: number,
): HeldClaim {
  const update = async (change: string, condition: string, ...values: unknown[]): Promise<boolean> => {
    const text = `UPDATE ${table} SET ${change}
      WHERE key_hash = $1 AND owner = $2 AND fence = $3 ${condition} RETURNING fence`;
    return (await queryRows(client, key, text, [hash, owner, fence, ...values])).length > 0;
  };
  return {
    fence,
    renew: (leaseMs) =>
      update(
        `lease_until = ${after('$4')}, expires_at = ${after('($4::float8 + $5::float8)')}`,
        'AND record IS NULL',
        leaseMs,
        retentionMs,
      ),
    // Who commits again finds its own owner and fence, and changes nothing but the time.
    commit: (record) =>
      update(`record = coalesce(record, $4::text), expires_at = ${after('$5')}`, '', record, retentionMs),
    release: async () => {
      await update('owner = NULL, lease_until = clock_timestamp()', 'AND record IS NULL');
    },
  };
}
