/** The index in one SQLite file: writes and searches, synchronous, for the thread that owns the connection. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { termOf } from '../analysis/terms.ts';
import { tokens } from '../analysis/tokens.ts';
import { parseQuery, toFts, type QueryPart } from '../query.ts';
import type {
  IndexOperation,
  OperationResult,
  SearchDocument,
  SearchHit,
  SearchQuery,
  SearchResult,
} from '../search-index.ts';
import { snippetOf } from '../snippet.ts';
import { openDatabase } from './schema.ts';

/** The index of one file. */
export interface IndexFile {
  bulk(operations: readonly IndexOperation[]): OperationResult[];
  search(query: SearchQuery): SearchResult;
  revisions(ids: readonly string[]): Map<string, number>;
  count(): number;
  /** Faults found between documents and terms; empty when the index is sound. */
  check(): string[];
  close(): void;
}

interface DocumentRow {
  readonly number: number;
  readonly id: string;
  readonly revision: number;
  readonly title: string;
  readonly language: string;
  readonly source: string;
  readonly pages: string | null;
  readonly score: number;
}

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 100;
/** A word in the title says more than one in the text. */
const TITLE_WEIGHT = 5;
const MAX_ID_CHARACTERS = 512;

/** Opens the index in a file. */
export function openIndexFile(path: string, readOnly: boolean): IndexFile {
  const database = openDatabase(path, readOnly);
  const statements = prepare(database);
  return {
    bulk: (operations) => bulk(database, statements, operations),
    search: (query) => search(database, query),
    revisions(ids) {
      const rows = ids.map(
        (id) =>
          statements.revision.get(id) as { id: string; revision: number; pages: string | null } | undefined,
      );
      return new Map(
        rows.flatMap((row) => (row === undefined || row.pages === null ? [] : [[row.id, row.revision]])),
      );
    },
    count: () =>
      (
        database.prepare('SELECT count(*) AS count FROM documents WHERE pages IS NOT NULL').get() as {
          count: number;
        }
      ).count,
    check: () => check(database),
    close: () => database.close(),
  };
}

interface Statements {
  readonly revision: StatementSync;
  readonly upsert: StatementSync;
  readonly deleteTerms: StatementSync;
  readonly insertTerms: StatementSync;
}

function prepare(database: DatabaseSync): Statements {
  return {
    revision: database.prepare('SELECT number, id, revision, pages FROM documents WHERE id = ?'),
    upsert: database.prepare(
      `INSERT INTO documents (id, revision, title, language, source, pages) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, title = excluded.title, language = excluded.language,
         source = excluded.source, pages = excluded.pages
       RETURNING number`,
    ),
    deleteTerms: database.prepare('DELETE FROM terms WHERE rowid = ?'),
    insertTerms: database.prepare('INSERT INTO terms (rowid, title, text) VALUES (?, ?, ?)'),
  };
}

function bulk(
  database: DatabaseSync,
  statements: Statements,
  operations: readonly IndexOperation[],
): OperationResult[] {
  database.exec('BEGIN IMMEDIATE');
  try {
    const results = operations.map((operation) => one(database, statements, operation));
    database.exec('COMMIT');
    return results;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** In a savepoint of its own, so that a poison document fails alone. */
function one(database: DatabaseSync, statements: Statements, operation: IndexOperation): OperationResult {
  const fault = faultOf(operation);
  if (fault !== undefined) return { outcome: 'failed', reason: fault };
  database.exec('SAVEPOINT one');
  try {
    const result = write(statements, operation);
    database.exec('RELEASE one');
    return result;
  } catch (error) {
    database.exec('ROLLBACK TO one; RELEASE one');
    return { outcome: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}

function write(statements: Statements, operation: IndexOperation): OperationResult {
  const { id, revision } = operation.kind === 'put' ? operation.document : operation;
  const held = statements.revision.get(id) as
    | { number: number; revision: number; pages: string | null }
    | undefined;
  if (held !== undefined && held.revision > revision) return { outcome: 'stale' };
  if (held !== undefined && held.revision === revision && (held.pages === null || operation.kind === 'put'))
    return { outcome: 'unchanged' };
  if (held !== undefined) statements.deleteTerms.run(held.number);
  if (operation.kind === 'delete') {
    statements.upsert.get(id, revision, '', 'und', '', null);
    return { outcome: 'written' };
  }
  const { title, language, source, pages } = operation.document;
  const { number } = statements.upsert.get(id, revision, title, language, source, JSON.stringify(pages)) as {
    number: number;
  };
  statements.insertTerms.run(
    number,
    termText(title, language),
    termText(pages.map((page) => page.text).join('\n'), language),
  );
  return { outcome: 'written' };
}

function faultOf(operation: IndexOperation): string | undefined {
  const { id, revision } = operation.kind === 'put' ? operation.document : operation;
  if (id === '' || id.length > MAX_ID_CHARACTERS)
    return `The id has ${id.length} characters, expected 1 to ${MAX_ID_CHARACTERS}`;
  if (!Number.isSafeInteger(revision) || revision < 1)
    return `The revision is ${revision}, expected a whole number from 1`;
  return undefined;
}

function termText(text: string, language: string): string {
  const terms: string[] = [];
  for (const { word } of tokens(text)) terms.push(termOf(word, language));
  return terms.join(' ');
}

function search(
  database: DatabaseSync,
  { text, limit = DEFAULT_LIMIT, language }: SearchQuery,
): SearchResult {
  const parts = parseQuery(text);
  const match = toFts(parts);
  const filter = language === undefined ? '' : 'AND documents.language = ?';
  const from = `FROM terms JOIN documents ON documents.number = terms.rowid WHERE terms MATCH ? ${filter}`;
  const values = language === undefined ? [match] : [match, language];
  const rows = database
    .prepare(
      `SELECT documents.*, -bm25(terms, ${TITLE_WEIGHT}, 1) AS score ${from} ORDER BY score DESC, documents.number LIMIT ?`,
    )
    .all(...values, Math.min(MAX_LIMIT, Math.max(1, limit))) as unknown as DocumentRow[];
  const { total } = database.prepare(`SELECT count(*) AS total ${from}`).get(...values) as { total: number };
  return { hits: rows.map((row) => toHit(row, parts)), total };
}

function toHit(row: DocumentRow, parts: readonly QueryPart[]): SearchHit {
  const pages = JSON.parse(row.pages ?? '[]') as SearchDocument['pages'];
  let best = {
    page: pages[0]?.page ?? 1,
    snippet: snippetOf(pages[0]?.text ?? '', row.language, parts),
    hits: 0,
  };
  for (const { page, text } of pages) {
    const snippet = snippetOf(text, row.language, parts);
    const hits = new Set(snippet.filter((part) => part.hit).map((part) => part.text.toLowerCase())).size;
    if (hits > best.hits) best = { page, snippet, hits };
    // A snippet with every word of the query is as good as it gets.
    if (best.hits >= parts.filter((part) => !part.isExcluded).length) break;
  }
  const { id, title, source, language, score } = row;
  return { id, title, source, language, page: best.page, score, snippet: best.snippet };
}

function check(database: DatabaseSync): string[] {
  const faults: string[] = [];
  try {
    database.exec("INSERT INTO terms (terms) VALUES ('integrity-check')");
  } catch (error) {
    faults.push(`The full-text table is damaged: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { missing } = database
    .prepare(
      'SELECT count(*) AS missing FROM documents WHERE pages IS NOT NULL AND number NOT IN (SELECT rowid FROM terms)',
    )
    .get() as { missing: number };
  const { orphans } = database
    .prepare(
      'SELECT count(*) AS orphans FROM terms WHERE rowid NOT IN (SELECT number FROM documents WHERE pages IS NOT NULL)',
    )
    .get() as { orphans: number };
  if (missing > 0) faults.push(`${missing} documents have no index terms`);
  if (orphans > 0) faults.push(`${orphans} rows of index terms have no document`);
  return faults;
}
