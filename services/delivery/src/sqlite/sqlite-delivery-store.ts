/**
 * Delivery in an SQLite file, for one machine and few events: statements run on the thread of their caller, and
 * transactions of this process take turns. Other processes may share the file, on a local disk.
 */
import { mkdirSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LongshoreError, sleep } from '@longshore/job';
import type { DeliveryStore } from '../store/delivery-store.ts';
import { sqlDeliveryStore } from '../store/sql-delivery-store.ts';
import type { Run, Sql } from '../store/sql.ts';

/** Options of {@link sqliteDeliveryStore}. */
export interface SqliteDeliveryStoreOptions {
  /** Of the file, made when it is missing; `:memory:` for a store that lives as long as it is open. */
  readonly path: string;
}

/** Writers of one file wait for each other; a transaction takes a millisecond. */
const BUSY_TIMEOUT_MS = 5_000;
const BUSY_WAIT_MS = 5;
/** SQLITE_BUSY. */
const BUSY = 5;
/** From statfs(2) and linux/magic.h: file systems on which SQLite's write-ahead log does not work. */
const NETWORK_FILE_SYSTEMS: ReadonlySet<number> = new Set([0x6969, 0x517b, 0xff534d42, 0xfe534d42]);
/** SQLITE_CONSTRAINT: a second endpoint of one id, say. https://www.sqlite.org/rescode.html */
const CONSTRAINT = 19;

/** Opens the store. @throws LongshoreError `invalid_options`, `delivery_unavailable` */
export async function sqliteDeliveryStore({ path }: SqliteDeliveryStoreOptions): Promise<DeliveryStore> {
  return await sqlDeliveryStore(sqliteSql(path));
}

function sqliteSql(path: string): Sql {
  const database = open(path);
  let turn: Promise<unknown> = Promise.resolve();
  let isClosed = false;
  const run: Run = async (text, values = []) => {
    if (isClosed) throw new LongshoreError('closed', 'Cannot use a delivery store after it was closed');
    const statement = text.replaceAll(/\$(\d+)/g, '?$1');
    for (let waitedMs = 0; ; waitedMs += BUSY_WAIT_MS) {
      try {
        return database.prepare(statement).all(...values);
      } catch (cause) {
        if (codeOf(cause) !== BUSY || waitedMs >= BUSY_TIMEOUT_MS) throw fault(path, cause);
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

function open(path: string): DatabaseSync {
  try {
    if (path !== ':memory:') makeFolder(dirname(path));
    const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    // What was promised to a receiver must survive the machine.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    // From here on who waits for another writer does so without holding up this thread.
    database.exec('PRAGMA busy_timeout = 0');
    return database;
  } catch (cause) {
    throw fault(path, cause);
  }
}

function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true });
  if (!NETWORK_FILE_SYSTEMS.has(statfsSync(folder).type)) return;
  throw new LongshoreError(
    'invalid_options',
    `Cannot keep deliveries in "${folder}": it is on a network file system, where SQLite loses data; use a local disk, or PostgreSQL`,
  );
}

function fault(path: string, cause: unknown): LongshoreError {
  if (cause instanceof LongshoreError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const options = { cause, details: { path } };
  return codeOf(cause) === CONSTRAINT
    ? new LongshoreError('invalid_options', `SQLite refuses what delivery asks: ${reason}`, options)
    : new LongshoreError('delivery_unavailable', `Cannot use the deliveries in "${path}": ${reason}`, {
        ...options,
        retryable: true,
      });
}

/** The primary code of SQLite, in the low byte. */
function codeOf(cause: unknown): number {
  return cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) & 0xff : 0;
}
