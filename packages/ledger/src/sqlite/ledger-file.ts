/** A ledger's file as the thread sees it that owns the connection: synchronous, one call after the other. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { LedgerBatch } from '../ledger.ts';
import type { Row } from '../store.ts';
import { openDatabase, sqliteFault, type OpenOptions } from './schema.ts';

/** An open file. */
export interface LedgerFile {
  append(batch: LedgerBatch): void;
  run(text: string, values: readonly SQLInputValue[]): readonly Row[];
  close(): void;
}

interface Statements {
  readonly writer: StatementSync;
  readonly attempts: StatementSync;
  readonly arrivals: StatementSync;
  readonly bins: StatementSync;
  readonly job: StatementSync;
}

/** Opens the file. @throws LongshoreError `ledger_incompatible`, `ledger_unavailable` */
export function openLedgerFile(options: OpenOptions): LedgerFile {
  const database = openDatabase(options);
  let statements: Statements | undefined;
  const guarded = <Result>(work: () => Result): Result => {
    try {
      return work();
    } catch (error) {
      throw sqliteFault(error, options.path);
    }
  };
  return {
    append: (batch) => guarded(() => append(database, (statements ??= prepare(database)), batch)),
    run: (text, values) =>
      guarded(() => database.prepare(text.replaceAll(/\$(\d+)/g, '?$1')).all(...values) as Row[]),
    close: () => database.close(),
  };
}

function prepare(database: DatabaseSync): Statements {
  return {
    // No row comes back for a batch that is there already.
    writer: database.prepare(
      `INSERT INTO longshore_writers VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8, ?9)
       ON CONFLICT DO UPDATE SET sequence = excluded.sequence, last_seen_ms = excluded.last_seen_ms,
         rss_bytes = excluded.rss_bytes, max_rss_bytes = excluded.max_rss_bytes, dropped = excluded.dropped
       WHERE excluded.sequence > sequence RETURNING 1`,
    ),
    attempts: database.prepare(
      `INSERT INTO longshore_attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET count = count + excluded.count, attempts = attempts + excluded.attempts,
         waited_ms = waited_ms + excluded.waited_ms, ran_ms = ran_ms + excluded.ran_ms`,
    ),
    arrivals: database.prepare(
      `INSERT INTO longshore_arrivals VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET sent = sent + excluded.sent, settled = settled + excluded.settled`,
    ),
    bins: database.prepare(
      `INSERT INTO longshore_bins VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET count = count + excluded.count`,
    ),
    job: database.prepare(
      `INSERT INTO longshore_jobs (at_ms, service, worker, revision, job, id, outcome, attempt, waited_ms, ran_ms, code, reason)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
  };
}

function append(database: DatabaseSync, statements: Statements, batch: LedgerBatch): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    if (isNew(statements, batch)) insert(statements, batch);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function isNew({ writer }: Statements, batch: LedgerBatch): boolean {
  const { sequence, worker, service, revision, atMs, rssBytes, maxRssBytes, dropped } = batch;
  return (
    writer.get(batch.writer, sequence, worker, service, revision, atMs, rssBytes, maxRssBytes, dropped) !==
    undefined
  );
}

function insert({ attempts, arrivals, bins, job }: Statements, batch: LedgerBatch): void {
  const { service, worker, revision } = batch;
  for (const row of batch.attempts)
    attempts.run(row.atMs, service, row.job, row.outcome, row.count, row.attempts, row.waitedMs, row.ranMs);
  for (const row of batch.arrivals) arrivals.run(row.atMs, row.service, row.job, row.sent, row.settled);
  for (const row of batch.bins) bins.run(row.atMs, service, row.job, row.kind, row.bin, row.count);
  for (const { atMs, job: name, id, outcome, attempt, waitedMs, ranMs, code, reason } of batch.jobs) {
    const texts = [code ?? null, reason ?? null] as const;
    job.run(atMs, service, worker, revision, name, id ?? null, outcome, attempt, waitedMs, ranMs, ...texts);
  }
}
