/**
 * The tables of the SQLite index. Documents keep their original text; `terms` holds index terms only (contentless), one
 * row per document, under the same rowid. One code path writes both, in one transaction; there are no triggers.
 */
import { DatabaseSync } from 'node:sqlite';
import { statfsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { LongshoreError } from '@longshore/job';

/** Raise it when the tables or the analysis of text change; such an index must be rebuilt. */
const SCHEMA_VERSION = 2;
/** Two writers of one file wait for each other; the longest wait that was measured is under half a second. */
const BUSY_TIMEOUT_MS = 10_000;
/** From statfs(2) and linux/magic.h: file systems on which SQLite's write-ahead log does not work. */
const NETWORK_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
]);

const STATE = `
  CREATE TABLE IF NOT EXISTS state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    active INTEGER NOT NULL, -- the generation that searches read
    building INTEGER -- the one that a rebuild fills; writes go to both
  ) STRICT;
  INSERT OR IGNORE INTO state VALUES (1, 1, NULL);
`;

/** The tables of one generation of the index. */
export function generationTables(generation: number): string {
  return `
  CREATE TABLE IF NOT EXISTS documents_${generation} (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    title TEXT NOT NULL,
    language TEXT NOT NULL,
    source TEXT NOT NULL,
    collection TEXT,
    dated TEXT, -- YYYY-MM-DD
    pages TEXT -- JSON; NULL marks a deleted document
  ) STRICT;
  CREATE TABLE IF NOT EXISTS words_${generation} (word TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  CREATE VIRTUAL TABLE IF NOT EXISTS terms_${generation}
    USING fts5(title, text, content='', contentless_delete=1, tokenize="unicode61 remove_diacritics 0");
`;
}

/** Drops them. */
export function dropGeneration(generation: number): string {
  return `DROP TABLE IF EXISTS documents_${generation}; DROP TABLE IF EXISTS words_${generation};
    DROP TABLE IF EXISTS terms_${generation};`;
}

/** Opens the file, creates what is missing. @throws LongshoreError `index_unavailable` with the remedy. */
export function openDatabase(path: string, readOnly: boolean): DatabaseSync {
  if (!readOnly && path !== ':memory:') {
    mkdirSync(dirname(path), { recursive: true });
    refuseNetworkFileSystem(dirname(path));
  }
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(path, { readOnly, timeout: BUSY_TIMEOUT_MS });
  } catch (error) {
    throw new LongshoreError('index_unavailable', `Cannot open the index "${path}": ${reasonOf(error)}`, {
      cause: error,
    });
  }
  try {
    if (!readOnly) {
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
      createTables(database);
    }
    checkVersion(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function createTables(database: DatabaseSync): void {
  try {
    database.exec('BEGIN IMMEDIATE');
    const { user_version: version } = database.prepare('PRAGMA user_version').get() as {
      user_version: number;
    };
    if (version === 0)
      database.exec(`${STATE} ${generationTables(1)} PRAGMA user_version = ${SCHEMA_VERSION}`);
    database.exec('COMMIT');
  } catch (error) {
    const remedy = /no such module/.test(reasonOf(error))
      ? '; this Node.js has no FTS5, use Node 22.16 or newer'
      : '';
    throw new LongshoreError('index_unavailable', `Cannot create the index: ${reasonOf(error)}${remedy}`, {
      cause: error,
    });
  }
}

function checkVersion(database: DatabaseSync, path: string): void {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version === SCHEMA_VERSION) return;
  throw new LongshoreError(
    'index_unavailable',
    `The index "${path}" has version ${version}, this program reads ${SCHEMA_VERSION}: delete it, then run "longshore search rebuild"`,
  );
}

function refuseNetworkFileSystem(folder: string): void {
  const name = NETWORK_FILE_SYSTEMS.get(statfsSync(folder).type);
  if (name === undefined) return;
  throw new LongshoreError(
    'index_unavailable',
    `Cannot keep the index in "${folder}": it is on ${name}, where SQLite loses data; use a local disk`,
  );
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
