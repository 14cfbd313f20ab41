/** The tables of a ledger in SQLite, how one is opened, and how an older one is brought up to date. */
import { mkdirSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LongshoreError } from '@longshore/job';

/** `application_id` of a ledger, "LSLG": SQLite's own way to tell whose a file is. */
const APPLICATION_ID = 0x4c_53_4c_47;
/** Writers of one file wait for each other; a batch takes some milliseconds. */
const BUSY_TIMEOUT_MS = 5_000;
/** From statfs(2) and linux/magic.h: file systems on which SQLite's write-ahead log does not work. */
const NETWORK_FILE_SYSTEMS: ReadonlySet<number> = new Set([0x6969, 0x517b, 0xff534d42, 0xfe534d42]);

/** What brings a ledger from each version to the next; the number of steps is the version. Never change one: add one. */
export const SQLITE_STEPS: readonly string[] = [
  `
  CREATE TABLE longshore_attempts (
    at_ms INTEGER NOT NULL, service TEXT NOT NULL, job TEXT NOT NULL, outcome TEXT NOT NULL,
    count INTEGER NOT NULL, attempts INTEGER NOT NULL, waited_ms REAL NOT NULL, ran_ms REAL NOT NULL,
    PRIMARY KEY (at_ms, service, job, outcome)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE longshore_arrivals (
    at_ms INTEGER NOT NULL, service TEXT NOT NULL, job TEXT NOT NULL,
    sent INTEGER NOT NULL, settled INTEGER NOT NULL,
    PRIMARY KEY (at_ms, service, job)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE longshore_bins (
    at_ms INTEGER NOT NULL, service TEXT NOT NULL, job TEXT NOT NULL, kind TEXT NOT NULL, bin INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (at_ms, service, job, kind, bin)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE longshore_jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL, service TEXT NOT NULL, worker TEXT NOT NULL, revision TEXT NOT NULL, job TEXT NOT NULL,
    id TEXT, outcome TEXT NOT NULL, attempt INTEGER NOT NULL, waited_ms REAL NOT NULL, ran_ms REAL NOT NULL,
    code TEXT, reason TEXT
  ) STRICT;
  CREATE INDEX longshore_jobs_at_ms ON longshore_jobs (at_ms);
  CREATE TABLE longshore_writers (
    writer TEXT PRIMARY KEY, sequence INTEGER NOT NULL,
    worker TEXT NOT NULL, service TEXT NOT NULL, revision TEXT NOT NULL,
    first_seen_ms INTEGER NOT NULL, last_seen_ms INTEGER NOT NULL,
    rss_bytes INTEGER NOT NULL, max_rss_bytes INTEGER NOT NULL, dropped INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX longshore_writers_last_seen_ms ON longshore_writers (last_seen_ms);
  CREATE TABLE longshore_scaling (
    at_ms INTEGER NOT NULL, service TEXT NOT NULL, desired INTEGER NOT NULL, is_change INTEGER NOT NULL,
    reason TEXT NOT NULL, record TEXT NOT NULL, -- JSON
    PRIMARY KEY (at_ms, service)
  ) STRICT, WITHOUT ROWID;
  `,
];

/** How a file is opened. */
export interface OpenOptions {
  readonly path: string;
  readonly readOnly: boolean;
  /** Default {@link SQLITE_STEPS}. */
  readonly steps?: readonly string[];
}

/**
 * Opens a ledger, creates it when the file is missing or empty, brings it up to date.
 *
 * @throws LongshoreError `ledger_incompatible`, `ledger_unavailable`
 */
export function openDatabase({ path, readOnly, steps = SQLITE_STEPS }: OpenOptions): DatabaseSync {
  try {
    if (!readOnly && path !== ':memory:') makeFolder(dirname(path));
    const database = new DatabaseSync(path, { readOnly, timeout: BUSY_TIMEOUT_MS });
    try {
      prepareDatabase(database, { path, readOnly, steps });
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw sqliteFault(error, path);
  }
}

function prepareDatabase(database: DatabaseSync, { path, readOnly, steps }: Required<OpenOptions>): void {
  // One reading: another process may make its tables between two.
  database.exec('BEGIN');
  let version: number;
  try {
    version = versionOf(database, path, steps.length);
  } finally {
    database.exec('COMMIT');
  }
  if (readOnly) {
    if (version === steps.length) return;
    throw incompatible(path, `has version ${version} and is opened read-only: open it for writing once`);
  }
  // A crash of the machine may cost the last batches, never the file: what is counted is worth no fsync each.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  if (version === steps.length) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have been first.
    for (const step of steps.slice(versionOf(database, path, steps.length))) database.exec(step);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${steps.length}; COMMIT`);
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function versionOf(database: DatabaseSync, path: string, newest: number): number {
  const application = pragma(database, 'application_id');
  const version = pragma(database, 'user_version');
  if (application !== APPLICATION_ID) {
    const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() as {
      tables: number;
    };
    if (application === 0 && version === 0 && tables === 0) return 0;
    throw incompatible(path, 'is a database of something else: name another file');
  }
  if (version <= newest) return version;
  throw incompatible(
    path,
    `has version ${version}, this program knows versions up to ${newest}: use a newer program`,
  );
}

function pragma(database: DatabaseSync, name: 'application_id' | 'user_version'): number {
  const row = database.prepare(`PRAGMA ${name}`).get() as Record<string, number>;
  return row[name] ?? 0;
}

function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true });
  if (NETWORK_FILE_SYSTEMS.has(statfsSync(folder).type))
    throw incompatible(
      folder,
      'is on a network file system, where SQLite loses data: use a local disk, or PostgreSQL',
    );
}

function incompatible(path: string, reason: string): LongshoreError {
  return new LongshoreError('ledger_incompatible', `Cannot use the ledger: "${path}" ${reason}`, {
    details: { path },
  });
}

/** SQLITE_NOTADB: the file has bytes, and they are no database. */
const NOT_A_DATABASE = 26;
/** SQLITE_CORRUPT. */
const CORRUPT = 11;

/** What a failure of SQLite means to the caller. */
export function sqliteFault(error: unknown, path: string): LongshoreError {
  if (error instanceof LongshoreError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  // The low byte is the primary code: https://www.sqlite.org/rescode.html
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
  if (code === NOT_A_DATABASE || code === CORRUPT)
    return incompatible(path, `is no sound ledger: ${reason}; move it away, and a new one is made`);
  return new LongshoreError('ledger_unavailable', `Cannot use the ledger "${path}": ${reason}`, {
    cause: error,
    details: { path },
    retryable: true,
  });
}
