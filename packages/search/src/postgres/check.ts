/**
 * Looks for faults between the documents and their terms: every document is analysed again and compared with what the
 * index holds, page of documents by page.
 */
import type { SearchDocument } from '../search-index.ts';
import type { Row, Run } from './connection.ts';
import { passagesOf } from './passages.ts';
import type { GenerationTables } from './schema.ts';

/** Documents looked at in one transaction; their text is held in memory. */
const DOCUMENTS_AT_A_TIME = 20;
const MAX_FAULTS = 100;

/** Reads a transaction's worth of the generation that is read. */
export type Reader = <Value>(work: (run: Run, tables: GenerationTables) => Promise<Value>) => Promise<Value>;

/** Faults in words, at most a hundred; empty when the index is sound. */
export async function check(read: Reader): Promise<string[]> {
  const faults: string[] = await read(orphans);
  let after = '0';
  while (faults.length < MAX_FAULTS) {
    const found = await read(async (run, tables) => await checkSome(run, tables, after));
    faults.push(...found.faults);
    if (found.last === undefined) break;
    after = found.last;
  }
  return faults.slice(0, MAX_FAULTS);
}

async function orphans(run: Run, { documents, passages }: GenerationTables): Promise<string[]> {
  const [row] = await run(
    `SELECT count(*) AS count FROM ${passages} p
     WHERE NOT EXISTS (SELECT FROM ${documents} d WHERE d.number = p.document AND NOT d.is_deleted)`,
  );
  const count = Number(row?.['count']);
  return count === 0 ? [] : [`${count} passages of terms have no document`];
}

async function checkSome(
  run: Run,
  tables: GenerationTables,
  after: string,
): Promise<{ readonly faults: string[]; readonly last: string | undefined }> {
  const rows = await run(
    `SELECT number, id, language, body FROM ${tables.documents} WHERE number > $1 AND NOT is_deleted
     ORDER BY number LIMIT ${DOCUMENTS_AT_A_TIME}`,
    [after],
  );
  const expected = rows.flatMap((row) =>
    passagesOf(documentOf(row)).map((terms, part) => ({ document: String(row['number']), part, terms })),
  );
  const wrong = await run(
    `SELECT d.id, count(*) AS count FROM (
       SELECT coalesce(e.document, p.document) AS document
       FROM (SELECT document, part, terms::tsvector FROM unnest($2::bigint[], $3::int[], $4::text[])
             AS input (document, part, terms)) e
       FULL JOIN (SELECT * FROM ${tables.passages} WHERE document = ANY($1::bigint[])) p USING (document, part)
       WHERE e.terms IS DISTINCT FROM p.terms
     ) differing JOIN ${tables.documents} d ON d.number = differing.document GROUP BY d.id ORDER BY d.id`,
    [
      rows.map((row) => row['number']),
      expected.map(({ document }) => document),
      expected.map(({ part }) => part),
      expected.map(({ terms }) => terms),
    ],
  );
  return {
    faults: wrong.map(
      (row) =>
        `The terms of "${String(row['id'])}" are not those of its text (${String(row['count'])} passages)`,
    ),
    last: rows.length === 0 ? undefined : String(rows.at(-1)?.['number']),
  };
}

function documentOf(row: Row): SearchDocument {
  const { title, pages, source } = JSON.parse(String(row['body'])) as Pick<
    SearchDocument,
    'title' | 'pages' | 'source'
  >;
  return { id: String(row['id']), revision: 1, language: String(row['language']), title, pages, source };
}
