/**
 * A database in an SQLite file, for one machine and little traffic: statements run on the thread of their caller, and
 * transactions of this process take turns. Other processes may share the file, on a local disk.
 */
import { mkdirSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LongshoreError, sleep } from '@longshore/job';
import type { Run, Sql, SqlUse } from '../sql.ts';

/** Options of {@link sqliteSql}. */
export interface SqliteSqlOptions extends SqlUse {
  /** Of the file, made when it is missing; `:memory:` for a database that lives as long as it is open. */
  readonly path: string;
}

/** Writers of one file wait for each other; a transaction takes a millisecond. */
const BUSY_TIMEOUT_MS = 5_000;
const BUSY_WAIT_MS = 5;
/** SQLITE_BUSY. */
const BUSY = 5;
/** From statfs(2) and linux/magic.h: file systems on which SQLite's write-ahead log does not work. */
const NETWORK_FILE_SYSTEMS: ReadonlySet<number> = new Set([0x6969, 0x517b, 0xff534d42, 0xfe534d42]);
/** SQLITE_CONSTRAINT: a second row of one key, say. https://www.sqlite.org/rescode.html */
const CONSTRAINT = 19;

/** Opens the file. @throws LongshoreError `invalid_options`, {@link SqlUse.unavailable} */
export function sqliteSql(options: SqliteSqlOptions): Sql {
  const { what } = options;
  const database = open(options);
  let turn: Promise<unknown> = Promise.resolve();
  let isClosed = false;
  const run: Run = async (text, values = []) => {
    if (isClosed)
      throw new LongshoreError('closed', `Cannot use the ${what} after their database was closed`);
    const statement = text.replaceAll(/\$(\d+)/g, '?$1');
    for (let waitedMs = 0; ; waitedMs += BUSY_WAIT_MS) {
      try {
        return database.prepare(statement).all(...values);
      } catch (cause) {
        if (codeOf(cause) !== BUSY || waitedMs >= BUSY_TIMEOUT_MS) throw fault(options, cause);
      }
      await sleep(BUSY_WAIT_MS);
    }
  };
  /** A statement between those of somebody else's transaction would become part of it. */
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  };
  return {
    run: (text, values) => inTurn(() => run(text, values)),
    transaction: (work) =>
      inTurn(async () => {
        await run('BEGIN IMMEDIATE');
        try {
          const result = await work(run);
          await run('COMMIT');
          return result;
        } catch (error) {
          if (database.isTransaction) await run('ROLLBACK');
          throw error;
        }
      }),
    forUpdate: '',
    skipLocked: '',
    lockSchema: undefined,
    close: () =>
      inTurn(async () => {
        if (!isClosed) database.close();
        isClosed = true;
      }),
  };
}

function open(options: SqliteSqlOptions): DatabaseSync {
  const { path } = options;
  try {
    if (path !== ':memory:') makeFolder(dirname(path), options);
    const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    // What was committed must survive the machine.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    // From here on who waits for another writer does so without holding up this thread.
    database.exec('PRAGMA busy_timeout = 0');
    return database;
  } catch (cause) {
    throw fault(options, cause);
  }
}

function makeFolder(folder: string, { what }: SqlUse): void {
  mkdirSync(folder, { recursive: true });
  if (!NETWORK_FILE_SYSTEMS.has(statfsSync(folder).type)) return;
  throw new LongshoreError(
    'invalid_options',
    `Cannot keep ${what} in "${folder}": it is on a network file system, where SQLite loses data; use a local disk, or PostgreSQL`,
  );
}

function fault({ path, what, unavailable }: SqliteSqlOptions, cause: unknown): LongshoreError {
  if (cause instanceof LongshoreError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const options = { cause, details: { path } };
  return codeOf(cause) === CONSTRAINT
    ? new LongshoreError('invalid_options', `SQLite refuses what is asked of the ${what}: ${reason}`, options)
    : new LongshoreError(unavailable, `Cannot use the ${what} in "${path}": ${reason}`, {
        ...options,
        retryable: true,
      });
}

/** The primary code of SQLite, in the low byte. */
function codeOf(cause: unknown): number {
  return cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) & 0xff : 0;
}
