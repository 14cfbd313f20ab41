/** Each way to index the same documents, timed: the bare engines and the driver. All are durable at the end of a batch. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { termText, type SearchDocument } from '@longshore/search';
import { sqliteSearchIndex } from '@longshore/search/sqlite';
import type { Client } from 'pg';

/** Documents of one transaction. */
const BATCH = 500;

const textOf = ({ pages }: SearchDocument): string => pages.map(({ text }) => text).join(' ');

function* batches(documents: readonly SearchDocument[]): Generator<readonly SearchDocument[]> {
  for (let from = 0; from < documents.length; from += BATCH) yield documents.slice(from, from + BATCH);
}

/** FTS5 with its own tokenizer, text and index in one file. Documents per second. */
export function plainFts(folder: string, documents: readonly SearchDocument[]): number {
  return bareSqlite(
    join(folder, 'plain.db'),
    `CREATE VIRTUAL TABLE terms USING fts5(title, text, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2')`,
    documents,
    (text) => text,
  );
}

/** FTS5 with stems, in this thread. */
export function stemmedFts(folder: string, documents: readonly SearchDocument[]): number {
  return bareSqlite(
    join(folder, 'stemmed.db'),
    `CREATE VIRTUAL TABLE terms USING fts5(title, text, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 0')`,
    documents,
    termText,
  );
}

function bareSqlite(
  path: string,
  table: string,
  documents: readonly SearchDocument[],
  terms: (text: string, language: string) => string,
): number {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE documents (number INTEGER PRIMARY KEY, id TEXT UNIQUE, language TEXT, pages TEXT); ${table}`);
  const row = database.prepare(
    'INSERT INTO documents (id, language, pages) VALUES (?, ?, ?) RETURNING number',
  );
  const index = database.prepare('INSERT INTO terms (rowid, title, text) VALUES (?, ?, ?)');
  const startMs = performance.now();
  for (const batch of batches(documents)) {
    database.exec('BEGIN IMMEDIATE');
    for (const document of batch) {
      const { id, title, language, pages } = document;
      const { number } = row.get(id, language, JSON.stringify(pages)) as { number: number };
      index.run(number, terms(title, language), terms(textOf(document), language));
    }
    database.exec('COMMIT');
  }
  const rate = perSecond(documents, startMs);
  database.close();
  return rate;
}

/** The whole driver: thread, revisions, vocabulary for suggestions. */
export async function driver(folder: string, documents: readonly SearchDocument[]): Promise<number> {
  await using index = await sqliteSearchIndex({ path: join(folder, 'driver.db') });
  // A thread compiles its code anew; this one's process runs for days, and the bare engine's was warm before.
  const warmUp = documents.slice(0, BATCH).map((document) => ({ ...document, id: `warm-${document.id}` }));
  await index.bulk(warmUp.map((document) => ({ kind: 'put', document })));
  const startMs = performance.now();
  const writes = [...batches(documents)].map((batch) =>
    index.bulk(batch.map((document) => ({ kind: 'put', document }))),
  );
  await Promise.all(writes);
  return perSecond(documents, startMs);
}

/**
 * What PostgreSQL needs to find the same: accents taken off, stems by language, titles before text, and an index that is
 * complete after each commit. With `fastupdate`, which is on by default, inserts only queue up what some later statement
 * has to bring into the index.
 */
export async function preparePostgres(client: Client): Promise<void> {
  await client.query('CREATE EXTENSION unaccent');
  for (const language of ['french', 'english'])
    await client.query(`
      CREATE TEXT SEARCH CONFIGURATION plain_${language} (COPY = ${language});
      ALTER TEXT SEARCH CONFIGURATION plain_${language}
        ALTER MAPPING FOR hword, hword_part, word WITH unaccent, ${language}_stem`);
}

/** PostgreSQL with its own stemmers and a GIN index. */
export async function postgresFts(client: Client, documents: readonly SearchDocument[]): Promise<number> {
  await client.query(`DROP TABLE IF EXISTS documents;
    CREATE TABLE documents (id text PRIMARY KEY, language regconfig, title text, body text, terms tsvector);
    CREATE INDEX ON documents USING gin (terms) WITH (fastupdate = off)`);
  const startMs = performance.now();
  for (const batch of batches(documents)) {
    await client.query(
      `INSERT INTO documents SELECT id, language::regconfig, title, body,
         setweight(to_tsvector(language::regconfig, title), 'A') || to_tsvector(language::regconfig, body)
       FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS input (id, language, title, body)`,
      [
        batch.map(({ id }) => id),
        batch.map(({ language }) => (language === 'fr' ? 'plain_french' : 'plain_english')),
        batch.map(({ title }) => title),
        batch.map(textOf),
      ],
    );
  }
  return perSecond(documents, startMs);
}

function perSecond(documents: readonly SearchDocument[], startMs: number): number {
  return documents.length / ((performance.now() - startMs) / 1_000);
}
