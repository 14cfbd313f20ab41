/**
 * The numbered SQL files of this package, and their application: under one waiting lock, each in a transaction of its own,
 * with a checksum, so that tasks that start together all succeed and a file that was changed afterwards is noticed.
 */
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { LongshoreError } from '@longshore/job';
import type pg from 'pg';
import { faultCode, unavailable } from './fault.ts';

/** A numbered SQL file. */
export interface Migration {
  /** From 1, without gaps. */
  readonly version: number;
  readonly name: string;
  /** SHA-256 of the file, hex. */
  readonly checksum: string;
  /** Whether workers that do not know it can go on: its first line says `-- additive: yes`. */
  readonly isAdditive: boolean;
  readonly sql: string;
}

/** Options of {@link migrateWarehouse}. */
export interface MigrateOptions {
  /** Default: those of this package. */
  readonly migrations?: readonly Migration[];
  /** How long to wait for another process that migrates. Default 120,000. */
  readonly waitMs?: number;
  /** How long a statement waits for a table that others use. Default 10,000: longer would queue everyone behind it. */
  readonly lockTimeoutMs?: number;
}

/** Any number that nothing else of Longshore uses; https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS */
const LOCK = 5_642_379_400;
const FOLDER = new URL('../migrations/', import.meta.url);
const LOCK_NOT_AVAILABLE = '55P03';

/** The SQL files of this package, by version. */
export async function readMigrations(folder: URL = FOLDER): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted();
  return await Promise.all(
    names.map(async (name, index) => {
      const sql = await readFile(new URL(name, folder), 'utf8');
      const version = Number(name.slice(0, 4));
      const additive = /^-- additive: (yes|no)\n/.exec(sql)?.[1];
      if (version !== index + 1 || additive === undefined)
        throw new LongshoreError(
          'invalid_options',
          `Migration "${name}" must be number ${index + 1} and begin with "-- additive: yes" or "-- additive: no"`,
        );
      const checksum = createHash('sha256').update(sql).digest('hex');
      return { version, name, checksum, isAdditive: additive === 'yes', sql };
    }),
  );
}

/**
 * Brings the schema up to date, and resolves with the migrations that it applied. Several processes may call it at once.
 *
 * @throws LongshoreError `warehouse_incompatible` for a changed file, a schema that is newer and not additive, a
 * statement that fails or a missing privilege; `dependency_down` when another process migrates for too long or the
 * server is out of reach
 */
export async function migrateWarehouse(
  pool: pg.Pool,
  options: MigrateOptions = {},
): Promise<readonly Migration[]> {
  const { waitMs = 120_000, lockTimeoutMs = 10_000 } = options;
  const migrations = options.migrations ?? (await readMigrations());
  const client = await pool.connect().catch((error: unknown) => {
    throw unavailable(error);
  });
  try {
    await lock(client, waitMs);
    await client.query(`SET lock_timeout = ${Math.ceil(lockTimeoutMs)}`);
    await client.query('CREATE SCHEMA IF NOT EXISTS warehouse');
    await client.query(
      'CREATE TABLE IF NOT EXISTS warehouse.schema_migrations (version integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, is_additive boolean NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())',
    );
    const pending = pendingOf(migrations, await appliedOf(client));
    for (const migration of pending) await apply(client, migration);
    return pending;
  } catch (error) {
    throw asMigrationFault(error);
  } finally {
    // Ends the session and its lock with it, whatever state the session is in.
    client.release(true);
  }
}

/**
 * Resolves when the schema is one that this program can work with: its own, or a newer one that is only additive.
 *
 * @throws LongshoreError `warehouse_incompatible`, `dependency_down`
 */
export async function verifySchema(pool: pg.Pool, migrations?: readonly Migration[]): Promise<void> {
  const known = migrations ?? (await readMigrations());
  let applied: readonly Applied[];
  try {
    applied = await appliedOf(pool);
  } catch (error) {
    if (faultCode(error) !== '42P01') throw unavailable(error);
    applied = [];
  }
  const [first] = pendingOf(known, applied);
  if (first !== undefined)
    throw new LongshoreError(
      'warehouse_incompatible',
      `The warehouse has schema version ${applied.length}, this program needs ${known.length} ("${first.name}" is missing): run "longshore warehouse migrate" first`,
      { details: { version: applied.length, needed: known.length } },
    );
}

interface Applied {
  readonly version: number;
  readonly name: string;
  readonly checksum: string;
  readonly is_additive: boolean;
}

async function lock(client: pg.PoolClient, waitMs: number): Promise<void> {
  await client.query(`SET lock_timeout = ${Math.ceil(waitMs)}`);
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
  } catch (error) {
    if (faultCode(error) !== LOCK_NOT_AVAILABLE) throw error;
    throw new LongshoreError(
      'dependency_down',
      `Another process has been migrating the warehouse for ${waitMs} ms: wait for it, or end its session`,
      { cause: error, retryable: true },
    );
  }
}

async function appliedOf(client: pg.Pool | pg.PoolClient): Promise<readonly Applied[]> {
  const { rows } = await client.query<Applied>(
    'SELECT version, name, checksum, is_additive FROM warehouse.schema_migrations ORDER BY version',
  );
  return rows;
}

/** What is still to be applied; refuses what was changed and what is newer and not additive. */
function pendingOf(known: readonly Migration[], applied: readonly Applied[]): readonly Migration[] {
  for (const { version, name, checksum, is_additive: isAdditive } of applied) {
    const mine = known.find((migration) => migration.version === version);
    if (mine === undefined && isAdditive) continue;
    if (mine === undefined)
      throw new LongshoreError(
        'warehouse_incompatible',
        `The warehouse has schema version ${applied.length} and this program knows ${known.length}; "${name}" changed what it relies on: deploy the newer program`,
      );
    if (mine.checksum !== checksum)
      throw new LongshoreError(
        'warehouse_incompatible',
        `Migration "${mine.name}" was changed after it had been applied (checksum ${checksum.slice(0, 12)} there, ${mine.checksum.slice(0, 12)} here): restore the file, and put the change into a new one`,
      );
  }
  return known.filter(({ version }) => !applied.some((each) => each.version === version));
}

async function apply(client: pg.PoolClient, migration: Migration): Promise<void> {
  const { version, name, checksum, isAdditive, sql } = migration;
  try {
    await client.query('BEGIN');
    await client.query(sql);
    await client.query(
      'INSERT INTO warehouse.schema_migrations (version, name, checksum, is_additive) VALUES ($1, $2, $3, $4)',
      [version, name, checksum, isAdditive],
    );
    await client.query('COMMIT');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const retryable = faultCode(cause) === LOCK_NOT_AVAILABLE;
    throw new LongshoreError(
      retryable ? 'dependency_down' : 'warehouse_incompatible',
      `Cannot apply migration "${name}", nothing of it was kept: ${reason}`,
      { cause, retryable },
    );
  }
}

function asMigrationFault(error: unknown): LongshoreError {
  if (faultCode(error) !== '42501' || error instanceof LongshoreError) return unavailable(error);
  return new LongshoreError(
    'warehouse_incompatible',
    'This role may not create the schemas of the warehouse: migrate as the owner of the database',
    { cause: error },
  );
}
