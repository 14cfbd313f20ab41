/**
 * The tables of an index. Each generation has its own two; the row in `longshore_search` says which one is read, and which
 * one, if any, is being built and therefore written as well. Writers hold a lock shared until they commit, so that a change
 * of generations waits for them and none of their documents is left behind. It is an advisory lock since those are given in
 * the order of asking: with a row lock, writers that overlap could keep the change waiting for ever.
 */
import { LongshoreError } from '@longshore/job';
import {
  inTransaction,
  type PostgresConnection,
  type PostgresPool,
  type Row,
  type Run,
  type TransactionTimes,
} from './connection.ts';

/** Raise it when the tables or the analysis of text change; such an index must be rebuilt. */
const SCHEMA_VERSION = 1;
/** Any number that nobody else takes for an advisory lock: "LSSI" twice. */
const LOCK = '5499831144227754825';
/** First half of the locks of one index; the second is the hash of its name. "LSWR": writing, "LSRB": rebuilding. */
const WRITING = 0x4c535752;
const REBUILDING = 0x4c535242;

/** Which generations there are. */
export interface Generations {
  readonly active: number;
  readonly building: number | undefined;
}

/** The tables of one generation. */
export interface GenerationTables {
  readonly documents: string;
  readonly passages: string;
  readonly words: string;
}

/** The tables of a generation of an index. Names are checked when the index is opened, so they need no quoting. */
export function tablesOf(name: string, generation: number): GenerationTables {
  const base = `longshore_search_${name}_${generation}`;
  return {
    documents: `${base}_documents`,
    passages: `${base}_passages`,
    words: `longshore_search_${name}_words`,
  };
}

/**
 * Creates the index where there is none, once for a whole fleet that starts together. Needs no right to create anything
 * where it is as it should be.
 *
 * @throws LongshoreError `index_unavailable`
 */
export async function ensureSchema(pool: PostgresPool, name: string, times: TransactionTimes): Promise<void> {
  const version = await inTransaction(pool, times, async (run) => await versionOf(run, name));
  if (version === undefined) {
    await inTransaction(pool, times, async (run) => await create(run, name));
    return;
  }
  if (version !== SCHEMA_VERSION) {
    throw new LongshoreError(
      'index_unavailable',
      `The search index "${name}" in PostgreSQL has version ${version}, this program reads ${SCHEMA_VERSION}: use the program that fits, or index again under another name`,
    );
  }
}

async function versionOf(run: Run, name: string): Promise<number | undefined> {
  const [found] = await run("SELECT to_regclass('longshore_search') IS NOT NULL AS found");
  if (found?.['found'] !== true) return undefined;
  const [row] = await run('SELECT version FROM longshore_search WHERE name = $1', [name]);
  return row === undefined ? undefined : Number(row['version']);
}

async function create(run: Run, name: string): Promise<void> {
  await run('SELECT pg_advisory_xact_lock($1)', [LOCK]);
  // Who comes second sees by the row, not by the table: a session may remember that there was no table.
  await run(`CREATE TABLE IF NOT EXISTS longshore_search (
    name text PRIMARY KEY, version int NOT NULL, active int NOT NULL, building int, latest int NOT NULL
  )`);
  const made = await run(
    'INSERT INTO longshore_search (name, version, active, latest) VALUES ($1, $2, 1, 1) ON CONFLICT DO NOTHING RETURNING name',
    [name, SCHEMA_VERSION],
  );
  if (made.length === 0) return;
  await run(`CREATE TABLE ${tablesOf(name, 1).words} (word text COLLATE "C" PRIMARY KEY)`);
  await createGeneration(run, name, 1);
}

/** The tables of a new generation, empty. */
async function createGeneration(run: Run, name: string, generation: number): Promise<void> {
  const { documents, passages } = tablesOf(name, generation);
  await run(`CREATE TABLE ${documents} (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    revision bigint NOT NULL,
    is_deleted boolean NOT NULL,
    language text NOT NULL,
    collection text COLLATE "C",
    dated text COLLATE "C",
    body text, -- JSON, letter by letter: it may hold what the types text and jsonb refuse
    passages int NOT NULL
  )`);
  await run(`CREATE TABLE ${passages} (
    document bigint NOT NULL, part int NOT NULL, terms tsvector NOT NULL, PRIMARY KEY (document, part)
  )`);
  // Without the pending list a write takes a little longer, and no search or write ever stalls while the list is merged.
  await run(`CREATE INDEX ON ${passages} USING gin (terms) WITH (fastupdate = off)`);
}

/** Removes a generation with all that it holds. */
export async function dropGeneration(run: Run, name: string, generation: number): Promise<void> {
  const { documents, passages } = tablesOf(name, generation);
  await run(`DROP TABLE IF EXISTS ${passages}, ${documents}`);
}

/**
 * The generations of an index. With `shared` they stay as they are until the transaction ends; with `alone` no other
 * transaction writes to them as well.
 */
export async function generationsOf(
  run: Run,
  name: string,
  hold: 'none' | 'shared' | 'alone',
): Promise<Generations> {
  if (hold !== 'none') {
    const lock = hold === 'shared' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock';
    await run(`SELECT ${lock}(${WRITING}, hashtext($1))`, [name]);
  }
  const [row] = await run('SELECT active, building FROM longshore_search WHERE name = $1', [name]);
  if (row === undefined) {
    throw new LongshoreError(
      'index_unavailable',
      `There is no search index "${name}" in PostgreSQL any more: it was removed while this program ran`,
    );
  }
  return { active: Number(row['active']), building: numberOf(row, 'building') };
}

/** Takes the right to rebuild for as long as the connection lives; `false` where another has it. */
export async function tryRebuildLock(connection: PostgresConnection, name: string): Promise<boolean> {
  const { rows } = await connection.query(
    `SELECT pg_try_advisory_lock(${REBUILDING}, hashtext($1)) AS taken`,
    [name],
  );
  return (rows as Row[])[0]?.['taken'] === true;
}

/**
 * Begins a generation under a number that never was: from now on every writer writes to it as well. It has the tombstones
 * already, taken while nobody writes, so that no older revision can come back in it.
 */
export async function beginGeneration(run: Run, name: string): Promise<number> {
  const { active, building } = await generationsOf(run, name, 'alone');
  // Left by a rebuild that died: the lock to rebuild is ours.
  if (building !== undefined) await dropGeneration(run, name, building);
  const [row] = await run(
    'UPDATE longshore_search SET latest = latest + 1, building = latest + 1 WHERE name = $1 RETURNING building',
    [name],
  );
  const generation = Number(row?.['building']);
  await createGeneration(run, name, generation);
  await run(
    `INSERT INTO ${tablesOf(name, generation).documents} (id, revision, is_deleted, language, passages)
     SELECT id, revision, true, language, 0 FROM ${tablesOf(name, active).documents} WHERE is_deleted`,
  );
  return generation;
}

/** Takes the generation that was built into use, once every writer has ended that knows another. */
export async function activateGeneration(run: Run, name: string, generation: number): Promise<number> {
  const { active, building } = await generationsOf(run, name, 'alone');
  if (building !== generation) throw overtaken(name);
  await run('UPDATE longshore_search SET active = building, building = NULL WHERE name = $1', [name]);
  return active;
}

/** Gives up the generation that was being built. */
export async function abandonGeneration(run: Run, name: string, generation: number): Promise<void> {
  const { building } = await generationsOf(run, name, 'alone');
  if (building !== generation) return;
  await run('UPDATE longshore_search SET building = NULL WHERE name = $1', [name]);
  await dropGeneration(run, name, generation);
}

/** What a rebuild meets whose connection was lost, so that another took its place. */
export function overtaken(name: string): LongshoreError {
  return new LongshoreError(
    'index_unavailable',
    `The rebuild of the search index "${name}" lost its place to another one: its connection was interrupted; start it again`,
    { retryable: true },
  );
}

function numberOf(row: Row, column: string): number | undefined {
  const value = row[column];
  return value === null || value === undefined ? undefined : Number(value);
}
