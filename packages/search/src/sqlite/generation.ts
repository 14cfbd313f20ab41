/** One generation of the index: its documents, their terms and words. Calls run in the caller's transaction. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { termText } from '../analysis/term-text.ts';
import { outcomeOf } from '../decide-writes.ts';
import { hitOf } from '../hit.ts';
import { toFts } from '../query.ts';
import type { IndexOperation, OperationResult, SearchDocument, SearchResult } from '../search-index.ts';
import type { SearchSpec } from '../search-spec.ts';
import { isSuggestible } from '../suggestions.ts';
import { suggestionsFor } from './suggest.ts';

/** A generation, ready for use by one connection. */
export interface Generation {
  /** Throws what SQLite says of a document that it does not take. */
  write(operation: IndexOperation): OperationResult;
  search(spec: SearchSpec): SearchResult;
  revisions(ids: readonly string[]): Map<string, number>;
  count(): number;
  check(): string[];
  /** What was written last was rolled back: words may be missing that this connection took for saved. */
  forget(): void;
}

interface HeldRow {
  readonly number: number;
  readonly id: string;
  readonly revision: number;
  readonly isDeleted: number;
}

interface DocumentRow {
  readonly id: string;
  readonly title: string;
  readonly language: string;
  readonly source: string;
  readonly pages: string;
  readonly score: number;
}

interface Statements {
  readonly held: StatementSync;
  readonly insert: StatementSync;
  readonly update: StatementSync;
  readonly deleteTerms: StatementSync;
  readonly insertTerms: StatementSync;
  readonly insertWord: StatementSync;
}

/** A word in the title says more than one in the text. */
const TITLE_WEIGHT = 5;
const MAX_REMEMBERED_WORDS = 200_000;

/** Prepares a generation that exists. */
export function openGeneration(database: DatabaseSync, generation: number): Generation {
  const documents = `documents_${generation}`;
  const statements: Statements = {
    held: database.prepare(
      `SELECT number, id, revision, pages IS NULL AS isDeleted FROM ${documents} WHERE id = ?`,
    ),
    insert: database.prepare(
      `INSERT INTO ${documents} (id, revision, title, language, source, collection, dated, pages)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    update: database.prepare(
      `UPDATE ${documents} SET revision = ?, title = ?, language = ?, source = ?, collection = ?, dated = ?, pages = ?
       WHERE number = ?`,
    ),
    deleteTerms: database.prepare(`DELETE FROM terms_${generation} WHERE rowid = ?`),
    insertTerms: database.prepare(`INSERT INTO terms_${generation} (rowid, title, text) VALUES (?, ?, ?)`),
    insertWord: database.prepare(`INSERT OR IGNORE INTO words_${generation} (word) VALUES (?)`),
  };
  const seen = new Set<string>();
  return {
    write: (operation) => write(statements, seen, operation),
    search: (spec) => search(database, generation, spec),
    revisions(ids) {
      const rows = ids.map((id) => statements.held.get(id) as HeldRow | undefined);
      return new Map(
        rows.flatMap((row) => (row === undefined || row.isDeleted === 1 ? [] : [[row.id, row.revision]])),
      );
    },
    count: () => number(database, `SELECT count(*) AS value FROM ${documents} WHERE pages IS NOT NULL`),
    check: () => check(database, generation),
    forget: () => seen.clear(),
  };
}

function write(statements: Statements, seen: Set<string>, operation: IndexOperation): OperationResult {
  const isDeleted = operation.kind === 'delete';
  const { id, revision } = isDeleted ? operation : operation.document;
  const held = statements.held.get(id) as HeldRow | undefined;
  const outcome = outcomeOf(
    { revision, isDeleted },
    held === undefined ? undefined : { revision: held.revision, isDeleted: held.isDeleted === 1 },
  );
  if (outcome !== 'written') return { outcome };
  if (held !== undefined) statements.deleteTerms.run(held.number);
  const put = (values: readonly SQLInputValue[]): number | bigint => {
    if (held === undefined) return statements.insert.run(id, revision, ...values).lastInsertRowid;
    statements.update.run(revision, ...values, held.number);
    return held.number;
  };
  if (isDeleted) {
    put(['', 'und', '', null, null, null]);
    return { outcome };
  }
  const { title, language, source, collection, date, pages } = operation.document;
  const row = put([title, language, source, collection ?? null, date ?? null, JSON.stringify(pages)]);
  const fresh: string[] = [];
  const note = (written: string, words: readonly string[]): void => {
    if (seen.has(written)) return;
    seen.add(written);
    fresh.push(...words);
  };
  const titleTerms = termText(title, language, note);
  const textTerms = pages.map(({ text }) => termText(text, language, note)).join(' ');
  statements.insertTerms.run(row, titleTerms, textTerms);
  for (const word of fresh) if (isSuggestible(word)) statements.insertWord.run(word);
  if (seen.size > MAX_REMEMBERED_WORDS) seen.clear();
  return { outcome };
}

function search(database: DatabaseSync, generation: number, spec: SearchSpec): SearchResult {
  const [documents, terms] = [`documents_${generation}`, `terms_${generation}`];
  const filters: string[] = [];
  const values: SQLInputValue[] = [toFts(spec.parts)];
  const filter = (condition: string, value: string | undefined): void => {
    if (value === undefined) return;
    filters.push(`AND d.${condition} ?`);
    values.push(value);
  };
  filter('language =', spec.language);
  filter('collection =', spec.collection);
  filter('dated >=', spec.from);
  filter('dated <=', spec.to);
  const from = `FROM ${terms} t JOIN ${documents} d ON d.number = t.rowid WHERE ${terms} MATCH ? ${filters.join(' ')}`;
  const rows = database
    .prepare(
      `SELECT d.id, d.title, d.language, d.source, d.pages, best.score FROM (
         SELECT t.rowid AS number, -bm25(${terms}, ${TITLE_WEIGHT}, 1) AS score ${from}
         ORDER BY score DESC, t.rowid LIMIT ?
       ) AS best JOIN ${documents} d ON d.number = best.number ORDER BY best.score DESC, d.number`,
    )
    .all(...values, spec.limit) as unknown as DocumentRow[];
  if (rows.length === 0)
    return { hits: [], total: 0, suggestions: suggestionsFor(database, generation, spec.parts) };
  const total = number(database, `SELECT count(*) AS value ${from}`, values);
  const hits = rows.map((row) =>
    hitOf({ ...row, pages: JSON.parse(row.pages) as SearchDocument['pages'] }, spec.parts),
  );
  return { hits, total };
}

function check(database: DatabaseSync, generation: number): string[] {
  const [documents, terms] = [`documents_${generation}`, `terms_${generation}`];
  const faults: string[] = [];
  try {
    database.exec(`INSERT INTO ${terms} (${terms}) VALUES ('integrity-check')`);
  } catch (error) {
    faults.push(`The full-text table is damaged: ${error instanceof Error ? error.message : String(error)}`);
  }
  const alive = `SELECT number FROM ${documents} WHERE pages IS NOT NULL`;
  const missing = number(
    database,
    `SELECT count(*) AS value FROM (${alive}) WHERE number NOT IN (SELECT rowid FROM ${terms})`,
  );
  const orphans = number(database, `SELECT count(*) AS value FROM ${terms} WHERE rowid NOT IN (${alive})`);
  if (missing > 0) faults.push(`${missing} documents have no index terms`);
  if (orphans > 0) faults.push(`${orphans} rows of index terms have no document`);
  return faults;
}

function number(database: DatabaseSync, sql: string, values: readonly SQLInputValue[] = []): number {
  return (database.prepare(sql).get(...values) as { value: number }).value;
}
