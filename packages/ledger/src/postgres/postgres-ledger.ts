/** A ledger in PostgreSQL, for a fleet of many machines. A batch is one statement: one round trip, all or nothing. */
import { LongshoreError } from '@longshore/job';
import type { Ledger, LedgerBatch } from '../ledger.ts';
import { checkedRetention, type Retention } from '../retention.ts';
import { ledgerOn, type LedgerStore } from '../store.ts';
import { runQuery, type PostgresClient } from './run-query.ts';
import { migrate } from './schema.ts';

/** Options of {@link postgresLedger}. */
export interface PostgresLedgerOptions {
  /** A pool; it stays the caller's. The tables `longshore_…` lie in the first schema of its `search_path`. */
  readonly client: PostgresClient;
  readonly retention?: Retention;
}

/**
 * Makes a ledger. Its tables are looked at, and created or brought up to date, at the first call.
 *
 * @throws LongshoreError `invalid_options` for a wrong retention
 */
export function postgresLedger({ client, retention }: PostgresLedgerOptions): Ledger {
  return ledgerOn(postgresStore(client), checkedRetention(retention));
}

function postgresStore(client: PostgresClient): LedgerStore {
  let migrated: Promise<void> | undefined;
  let isClosed = false;
  const ready = async (): Promise<void> => {
    if (isClosed) throw new LongshoreError('closed', 'Cannot use a ledger after it was closed');
    migrated ??= migrate(client).catch((error: unknown) => {
      // The next call looks again.
      migrated = undefined;
      throw error;
    });
    await migrated;
  };
  return {
    async run(text, values) {
      await ready();
      return await runQuery(client, text, values);
    },
    async append(batch) {
      await ready();
      await runQuery(client, APPEND, valuesOf(batch));
    },
    close: () => {
      isClosed = true;
      return Promise.resolve();
    },
  };
}

/**
 * The writer's row is new, or has a lower sequence, or nothing else is done. Rows are sorted, so that batches of two
 * writers lock them in one order; should they still block each other, one fails and is sent again.
 */
const APPEND = `
WITH writer AS (
  INSERT INTO longshore_writers AS w VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9)
  ON CONFLICT (writer) DO UPDATE SET sequence = excluded.sequence, last_seen_ms = excluded.last_seen_ms,
    rss_bytes = excluded.rss_bytes, max_rss_bytes = excluded.max_rss_bytes, dropped = excluded.dropped
  WHERE excluded.sequence > w.sequence RETURNING w.writer
), attempts AS (
  INSERT INTO longshore_attempts AS t
  SELECT r."atMs", $4, r.job, r.outcome, r.count, r.attempts, r."waitedMs", r."ranMs"
  FROM writer, jsonb_to_recordset($10::jsonb) AS r("atMs" bigint, job text, outcome text, count bigint,
    attempts bigint, "waitedMs" float8, "ranMs" float8)
  ORDER BY 1, 3, 4
  ON CONFLICT (at_ms, service, job, outcome) DO UPDATE SET count = t.count + excluded.count,
    attempts = t.attempts + excluded.attempts, waited_ms = t.waited_ms + excluded.waited_ms,
    ran_ms = t.ran_ms + excluded.ran_ms
), arrivals AS (
  INSERT INTO longshore_arrivals AS t
  SELECT r."atMs", r.service, r.job, r.sent, r.settled
  FROM writer, jsonb_to_recordset($11::jsonb) AS r("atMs" bigint, service text, job text, sent bigint, settled bigint)
  ORDER BY 1, 2, 3
  ON CONFLICT (at_ms, service, job) DO UPDATE SET sent = t.sent + excluded.sent,
    settled = t.settled + excluded.settled
), bins AS (
  INSERT INTO longshore_bins AS t
  SELECT r."atMs", $4, r.job, r.kind, r.bin, r.count
  FROM writer, jsonb_to_recordset($12::jsonb) AS r("atMs" bigint, job text, kind text, bin int, count bigint)
  ORDER BY 1, 3, 4, 5
  ON CONFLICT (at_ms, service, job, kind, bin) DO UPDATE SET count = t.count + excluded.count
)
INSERT INTO longshore_jobs (at_ms, service, worker, revision, job, id, outcome, attempt, waited_ms, ran_ms, code, reason)
SELECT r."atMs", $4, $3, $5, r.job, r.id, r.outcome, r.attempt, r."waitedMs", r."ranMs", r.code, r.reason
FROM writer, jsonb_to_recordset($13::jsonb) AS r("atMs" bigint, job text, id text, outcome text, attempt int,
  "waitedMs" float8, "ranMs" float8, code text, reason text)
`;

function valuesOf(batch: LedgerBatch): readonly unknown[] {
  const { writer, sequence, worker, service, revision, atMs, rssBytes, maxRssBytes, dropped } = batch;
  const rows = [batch.attempts, batch.arrivals, batch.bins, batch.jobs].map((each) => JSON.stringify(each));
  return [writer, sequence, worker, service, revision, atMs, rssBytes, maxRssBytes, dropped, ...rows];
}
