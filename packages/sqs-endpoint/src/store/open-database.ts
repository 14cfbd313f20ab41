/**
 * The SQLite file of an endpoint. Write-ahead log, so that a commit is one append; what is committed survives the death
 * of the process. One endpoint holds a file at a time: two would not wake each other's polls.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LongshoreError } from '@longshore/job';

/** Changes with the tables; a file of another version is refused. */
const VERSION = 1;
const CACHE_KIB = 65_536;

/**
 * `messages.visible_ms` is the moment from which a message may be received: in the past it waits, in the future it is
 * in flight (it has a `delivery`) or delayed. `lane` is the group of a message on a FIFO queue, `lanes` the moment from
 * which each of them may be received.
 */
const TABLES = `
  CREATE TABLE queues (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    arn TEXT NOT NULL,
    attributes TEXT NOT NULL,
    tags TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    modified_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    queue INTEGER NOT NULL,
    lane TEXT,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    digest TEXT NOT NULL,
    attributes TEXT,
    system TEXT NOT NULL,
    sent_ms INTEGER NOT NULL,
    kept_since_ms INTEGER NOT NULL,
    visible_ms INTEGER NOT NULL,
    receives INTEGER NOT NULL,
    first_received_ms INTEGER,
    received_ms INTEGER,
    delivery TEXT
  ) STRICT;
  CREATE INDEX by_visibility ON messages (queue, visible_ms, seq);
  CREATE INDEX by_age ON messages (queue, kept_since_ms);
  CREATE INDEX by_lane ON messages (queue, lane, seq) WHERE lane IS NOT NULL;
  CREATE INDEX delivered ON messages (queue, lane, visible_ms) WHERE delivery IS NOT NULL;
  CREATE TABLE lanes (
    queue INTEGER NOT NULL,
    lane TEXT NOT NULL,
    head INTEGER NOT NULL,
    ready_ms INTEGER NOT NULL,
    PRIMARY KEY (queue, lane)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX by_readiness ON lanes (queue, ready_ms, head);
  CREATE TABLE duplicates (
    queue INTEGER NOT NULL,
    scope TEXT NOT NULL,
    id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    sequence_number TEXT NOT NULL,
    until_ms INTEGER NOT NULL,
    PRIMARY KEY (queue, scope, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX by_end ON duplicates (until_ms);
  CREATE TABLE move_tasks (
    handle TEXT PRIMARY KEY,
    source INTEGER NOT NULL,
    source_arn TEXT NOT NULL,
    destination_arn TEXT,
    status TEXT NOT NULL,
    per_second INTEGER,
    moved INTEGER NOT NULL,
    to_move INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    failure TEXT,
    started_ms INTEGER NOT NULL
  ) STRICT;
  PRAGMA user_version = ${VERSION};
`;

/** Opens or creates the file. @throws LongshoreError `invalid_options` when it cannot be opened, with the reason. */
export function openDatabase(path: string): DatabaseSync {
  try {
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
    const database = new DatabaseSync(path);
    try {
      prepareFile(database);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    if (error instanceof LongshoreError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const remedy = /locked|busy/i.test(reason)
      ? 'another endpoint serves it; stop that one or use another file'
      : reason;
    throw new LongshoreError('invalid_options', `Cannot open the queues in "${path}": ${remedy}`, {
      cause: error,
      details: { database: path },
    });
  }
}

function prepareFile(database: DatabaseSync): void {
  // In exclusive mode the file is locked from the first write until it is closed or the process is gone.
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  // Many groups lie far apart in the file: with the default of 2 MiB a hundred thousand messages are read again and again.
  database.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
  database.exec('BEGIN EXCLUSIVE');
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version === 0) database.exec(TABLES);
  database.exec('COMMIT');
  if (version === 0 || version === VERSION) return;
  throw new LongshoreError(
    'invalid_options',
    `Cannot open the queues: the file has version ${version}, this program reads ${VERSION}; use another file`,
  );
}
