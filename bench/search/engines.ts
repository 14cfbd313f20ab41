/** The engines that are compared: each indexes the corpus in batches, durably, into an empty place. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { indexTerms, type SearchDocument } from '@longshore/search';
import { sqliteSearchIndex } from '@longshore/search/sqlite';
import { Client } from 'pg';

/** What every engine is given at a time. */
export const BATCH = 500;
/** Batches that the driver is given at a time, as a worker's slots do. */
const IN_FLIGHT = 2;

/** Indexes documents; resolves with the milliseconds that it took. */
export type Engine = (documents: readonly SearchDocument[]) => Promise<number>;

/** FTS5 as it comes: its own tokeniser, no stems, the text beside it. */
export function plainFts5(folder: string): Engine {
  return (documents) =>
    inDatabase(folder, 'plain', (database) => {
      database.exec(`
        CREATE TABLE documents (number INTEGER PRIMARY KEY, id TEXT UNIQUE, title TEXT, body TEXT) STRICT;
        CREATE VIRTUAL TABLE words USING fts5(title, body, content='documents', content_rowid='number',
          tokenize="unicode61 remove_diacritics 2");`);
      const document = database.prepare('INSERT INTO documents (id, title, body) VALUES (?, ?, ?)');
      const words = database.prepare('INSERT INTO words (rowid, title, body) VALUES (?, ?, ?)');
      return inBatches(database, documents, (each) => {
        const body = each.pages.map(({ text }) => text).join('\n');
        const { lastInsertRowid } = document.run(each.id, each.title, body);
        words.run(lastInsertRowid, each.title, body);
      });
    });
}

/** What the driver must write whatever it is written in: the same terms and the same text, by plain calls of one thread. */
export function bareStemmedFts5(folder: string): Engine {
  return (documents) =>
    inDatabase(folder, 'bare', (database) => {
      database.exec(`
        CREATE TABLE documents (number INTEGER PRIMARY KEY, id TEXT UNIQUE, revision INTEGER, title TEXT, language TEXT,
          source TEXT, pages TEXT) STRICT;
        CREATE VIRTUAL TABLE terms USING fts5(title, text, content='', contentless_delete=1, tokenize='ascii');`);
      const document = database.prepare(
        'INSERT INTO documents (id, revision, title, language, source, pages) VALUES (?, ?, ?, ?, ?, ?)',
      );
      const terms = database.prepare('INSERT INTO terms (rowid, title, text) VALUES (?, ?, ?)');
      return inBatches(database, documents, ({ id, revision, title, language, source, pages }) => {
        const { lastInsertRowid } = document.run(
          id,
          revision,
          title,
          language,
          source,
          JSON.stringify(pages),
        );
        const text = pages.map((page) => indexTerms(page.text, language).join(' ')).join(' ');
        terms.run(lastInsertRowid, indexTerms(title, language).join(' '), text);
      });
    });
}

/** The driver itself. */
export function sqliteDriver(folder: string): Engine {
  return async (documents) => {
    const path = join(folder, 'driver.db');
    await removeDatabase(path);
    await using index = await sqliteSearchIndex({ path });
    const startMs = performance.now();
    const waiting = batchesOf(documents);
    await Promise.all(
      Array.from({ length: IN_FLIGHT }, async () => {
        for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift())
          await index.bulk(batch.map((document) => ({ kind: 'put', document })));
      }),
    );
    return performance.now() - startMs;
  };
}

/** PostgreSQL's own full text: its stemmers and its parser, weights, a GIN index. The server does not even flush. */
export function postgresFts(url: string): Engine {
  return async (documents) => {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(`
        DROP TABLE IF EXISTS documents;
        CREATE TABLE documents (id text PRIMARY KEY, language regconfig, title text, body text, words tsvector);
        CREATE INDEX ON documents USING gin (words) WITH (fastupdate = off);`);
      const startMs = performance.now();
      for (const batch of batchesOf(documents))
        await client.query(
          `INSERT INTO documents SELECT id, language::regconfig, title, body,
             setweight(to_tsvector(language::regconfig, title), 'A') || to_tsvector(language::regconfig, body)
           FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS row (id, language, title, body)`,
          [
            batch.map(({ id }) => id),
            batch.map(({ language }) => (language === 'fr' ? 'french' : 'english')),
            batch.map(({ title }) => title),
            batch.map(({ pages }) => pages.map(({ text }) => text).join('\n')),
          ],
        );
      return performance.now() - startMs;
    } finally {
      await client.end();
    }
  };
}

/** Documents in batches. */
export function batchesOf(documents: readonly SearchDocument[]): (readonly SearchDocument[])[] {
  return Array.from({ length: Math.ceil(documents.length / BATCH) }, (_, index) =>
    documents.slice(index * BATCH, (index + 1) * BATCH),
  );
}

async function inDatabase(
  folder: string,
  name: string,
  work: (database: DatabaseSync) => number,
): Promise<number> {
  const path = join(folder, `${name}.db`);
  await removeDatabase(path);
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    return work(database);
  } finally {
    database.close();
  }
}

function inBatches(
  database: DatabaseSync,
  documents: readonly SearchDocument[],
  insert: (document: SearchDocument) => void,
): number {
  const startMs = performance.now();
  for (const batch of batchesOf(documents)) {
    database.exec('BEGIN');
    for (const document of batch) insert(document);
    database.exec('COMMIT');
  }
  return performance.now() - startMs;
}

async function removeDatabase(path: string): Promise<void> {
  await Promise.all(['', '-wal', '-shm'].map((end) => rm(`${path}${end}`, { force: true })));
}
