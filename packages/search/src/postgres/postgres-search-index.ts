/**
 * The full-text index in PostgreSQL, for a fleet with several indexers: each batch is one transaction, and any number of
 * processes write at a time. Words are cut and stemmed here, not by the server, so that every driver finds the same and no
 * extension or dictionary is needed; snippets are cut here too, which is most of a query's work where the server does it.
 */
import { LongshoreError } from '@longshore/job';
import { hitOf } from '../hit.ts';
import type { QueryPart } from '../query.ts';
import { searchSpec } from '../search-spec.ts';
import { askedWords } from '../suggestions.ts';
import type {
  RebuildableSearchIndex,
  SearchDocument,
  SearchHit,
  SearchQuery,
  SearchResult,
} from '../search-index.ts';
import {
  inTransaction,
  isMissingTable,
  unavailable,
  type PostgresPool,
  type Row,
  type Run,
  type TransactionTimes,
} from './connection.ts';
import { check } from './check.ts';
import { rebuild } from './rebuild.ts';
import { ensureSchema, generationsOf, tablesOf, type GenerationTables } from './schema.ts';
import { searchStatement } from './search-statement.ts';
import { createVocabulary, suggestionsFor } from './vocabulary.ts';
import { heldRevisions } from './write-batch.ts';
import { writeOperations, type WriteSettings } from './write-operations.ts';

/** An index in PostgreSQL. */
export interface PostgresSearchIndex extends RebuildableSearchIndex {
  /** Analyses every document again and compares: faults in words, empty when the index is sound. */
  check(): Promise<readonly string[]>;
}

/** Options of {@link postgresSearchIndex}. */
export interface PostgresSearchIndexOptions {
  /**
   * A `Pool` of `pg`; it stays the caller's. Its `max` bounds what the index does at a time, its `connectionTimeoutMillis`
   * how long a call waits for a connection: set both. The tables lie in the first schema of its `search_path`.
   */
  readonly pool: PostgresPool;
  /** Name of the index, part of the names of its tables: 1 to 24 of `a-z`, `0-9` and `_`. Default `documents`. */
  readonly name?: string;
  /** Longest search, in milliseconds, from 1. Default 10,000. */
  readonly searchTimeoutMs?: number;
  /** Longest statement of a write, in milliseconds, from 1. Default 60,000. */
  readonly writeTimeoutMs?: number;
}

const DEFAULT_NAME = 'documents';
const NAME = /^[a-z][a-z0-9_]{0,23}$/;
const DEFAULT_SEARCH_TIMEOUT_MS = 10_000;
const DEFAULT_WRITE_TIMEOUT_MS = 60_000;
/** A replaced generation is dropped once; a search that meets the gap looks again, and cannot meet it twice in a row. */
const MAX_LOOKS = 3;

/**
 * Opens the index, and makes its tables where there are none.
 *
 * @throws LongshoreError `invalid_options`, `index_unavailable` (retryable when the server cannot be reached)
 */
export async function postgresSearchIndex(options: PostgresSearchIndexOptions): Promise<PostgresSearchIndex> {
  const settings = checked(options);
  await ensureSchema(settings.pool, settings.name, settings.writing);
  let isClosed = false;
  const open = (): Settings => {
    if (isClosed) throw new LongshoreError('closed', 'Cannot use a search index after it was closed');
    return settings;
  };
  const close = (): Promise<void> => {
    isClosed = true;
    return Promise.resolve();
  };
  return {
    bulk: async (operations) => await writeOperations(open(), operations),
    search: async (query) => await search(open(), query),
    revisions: async (ids) =>
      await read(open(), async (run, tables) => {
        const held = await heldRevisions(run, tables, ids);
        return new Map(
          [...held].flatMap(([id, { revision, isDeleted }]) => (isDeleted ? [] : [[id, revision]])),
        );
      }),
    count: async () =>
      await read(open(), async (run, tables) => {
        const [row] = await run(`SELECT count(*) AS count FROM ${tables.documents} WHERE NOT is_deleted`);
        return Number(row?.['count'] ?? 0);
      }),
    rebuild: async (documents) => await rebuild(open(), documents),
    check: async () => await check(async (work) => await read(open(), work)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Settings extends WriteSettings {
  readonly reading: TransactionTimes;
}

function checked({
  pool,
  name = DEFAULT_NAME,
  searchTimeoutMs = DEFAULT_SEARCH_TIMEOUT_MS,
  writeTimeoutMs = DEFAULT_WRITE_TIMEOUT_MS,
}: PostgresSearchIndexOptions): Settings {
  const faults: string[] = [];
  if (!NAME.test(name))
    faults.push(`name "${name}", expected 1 to 24 of a-z, 0-9 and _, beginning with a letter`);
  for (const [option, ms] of Object.entries({ searchTimeoutMs, writeTimeoutMs })) {
    if (!Number.isInteger(ms) || ms < 1)
      faults.push(`${option} ${ms}, expected a whole number of milliseconds from 1`);
  }
  if (faults.length > 0)
    throw new LongshoreError(
      'invalid_options',
      `Cannot open the search index in PostgreSQL: ${faults.join('; ')}`,
    );
  const times = (ms: number): TransactionTimes => ({ statementTimeoutMs: ms, lockTimeoutMs: ms });
  const vocabulary = createVocabulary();
  return { pool, name, vocabulary, writing: times(writeTimeoutMs), reading: times(searchTimeoutMs) };
}

/** Reads the active generation; looks again where it was replaced and dropped meanwhile. */
async function read<Value>(
  settings: Settings,
  work: (run: Run, tables: GenerationTables) => Promise<Value>,
  looks = MAX_LOOKS,
): Promise<Value> {
  const { pool, name, reading } = settings;
  try {
    return await inTransaction(pool, reading, async (run) => {
      const { active } = await generationsOf(run, name, 'none');
      return await work(run, tablesOf(name, active));
    });
  } catch (error) {
    if (!isMissingTable(error)) throw error;
    if (looks <= 1) throw unavailable(error);
    return await read(settings, work, looks - 1);
  }
}

async function search(settings: Settings, query: SearchQuery): Promise<SearchResult> {
  const spec = searchSpec(query);
  const { parts } = spec;
  return await read(settings, async (run, tables) => {
    const statement = searchStatement(tables, spec);
    const rows = await run(statement.text, statement.values);
    if (rows.length === 0)
      return { hits: [], total: 0, suggestions: await suggestionsFor(run, tables, askedWords(parts)) };
    return { hits: rows.map((row) => toHit(row, parts)), total: Number(rows[0]?.['total']) };
  });
}

function toHit(row: Row, parts: readonly QueryPart[]): SearchHit {
  const { title, source, pages } = JSON.parse(String(row['body'])) as Pick<
    SearchDocument,
    'title' | 'source' | 'pages'
  >;
  return hitOf(
    {
      id: String(row['id']),
      language: String(row['language']),
      title,
      source,
      pages,
      score: Number(row['score']),
    },
    parts,
  );
}
