/**
 * Writes a batch to one generation, in the transaction that is open. Ids are sorted, so that two writers lock them in one
 * order; the guard on revisions is the statement's own, so that nothing that happens between reading and writing matters.
 */
import { decideWrites, outcomeOf, type HeldRevision, type PlannedWrite } from '../decide-writes.ts';
import { nextTurn } from '../next-turn.ts';
import type { IndexOperation, OperationResult } from '../search-index.ts';
import type { Row, Run } from './connection.ts';
import { passagesOf } from './passages.ts';
import type { GenerationTables } from './schema.ts';

/** Passages sent at a time; a query's parameters are one message, which server and driver hold in memory. */
const MAX_MESSAGE_CHARACTERS = 8 * 1024 * 1024;

/** Writes a batch, and shows its words. Results are in the order of the operations. */
export async function writeBatch(
  run: Run,
  tables: GenerationTables,
  operations: readonly IndexOperation[],
  see?: (word: string) => void,
): Promise<OperationResult[]> {
  const ids = [...new Set(operations.map(idOf))];
  const { results, writes } = decideWrites(operations, await heldRevisions(run, tables, ids));
  if (writes.length === 0) return [...results];
  const terms: string[][] = [];
  for (const { operation } of writes) {
    terms.push(operation.kind === 'put' ? passagesOf(operation.document, see) : []);
    await nextTurn();
  }
  const numbers = await upsert(run, tables, writes, terms);
  await replacePassages(
    run,
    tables,
    writes.flatMap(({ id }, index) => {
      const number = numbers.get(id);
      return number === undefined ? [] : [{ number, passages: terms[index] ?? [] }];
    }),
  );
  return await withOvertaken(run, tables, { results, writes, written: numbers });
}

/** What the index holds of these ids; deleted ones are told too. */
export async function heldRevisions(
  run: Run,
  tables: GenerationTables,
  ids: readonly string[],
): Promise<Map<string, HeldRevision>> {
  const rows = await run(`SELECT id, revision, is_deleted FROM ${tables.documents} WHERE id = ANY($1)`, [
    ids,
  ]);
  return new Map(rows.map((row) => [String(row['id']), heldOf(row)]));
}

function heldOf(row: Row): HeldRevision {
  return { revision: Number(row['revision']), isDeleted: row['is_deleted'] === true };
}

function idOf(operation: IndexOperation): string {
  return operation.kind === 'put' ? operation.document.id : operation.id;
}

/** The numbers of the documents that were written; one that another writer has overtaken is absent. */
async function upsert(
  run: Run,
  tables: GenerationTables,
  writes: readonly PlannedWrite[],
  terms: readonly (readonly string[])[],
): Promise<Map<string, string>> {
  const documents = writes.map(({ operation }) =>
    operation.kind === 'put' ? operation.document : undefined,
  );
  const rows = await run(
    `INSERT INTO ${tables.documents} AS t (id, revision, is_deleted, language, body, passages, collection, dated)
     SELECT * FROM unnest($1::text[], $2::bigint[], $3::boolean[], $4::text[], $5::text[], $6::int[], $7::text[], $8::text[])
       AS input (id, revision, is_deleted, language, body, passages, collection, dated)
     ORDER BY input.id COLLATE "C"
     ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, is_deleted = excluded.is_deleted,
       language = excluded.language, body = excluded.body, passages = excluded.passages,
       collection = excluded.collection, dated = excluded.dated
     WHERE t.revision < excluded.revision
       OR (t.revision = excluded.revision AND excluded.is_deleted AND NOT t.is_deleted)
     RETURNING t.id, t.number`,
    [
      writes.map(({ id }) => id),
      writes.map(({ operation }) =>
        operation.kind === 'put' ? operation.document.revision : operation.revision,
      ),
      documents.map((document) => document === undefined),
      documents.map((document) => document?.language ?? 'und'),
      documents.map((document) =>
        document === undefined
          ? null
          : JSON.stringify({ title: document.title, source: document.source, pages: document.pages }),
      ),
      terms.map((passages) => passages.length),
      documents.map((document) => document?.collection ?? null),
      documents.map((document) => document?.date ?? null),
    ],
  );
  return new Map(rows.map((row) => [String(row['id']), String(row['number'])]));
}

interface NumberedPassages {
  readonly number: string;
  readonly passages: readonly string[];
}

async function replacePassages(
  run: Run,
  tables: GenerationTables,
  documents: readonly NumberedPassages[],
): Promise<void> {
  await run(`DELETE FROM ${tables.passages} WHERE document = ANY($1::bigint[])`, [
    documents.map(({ number }) => number),
  ]);
  const rows = documents.flatMap(({ number, passages }) =>
    passages.map((terms, part) => ({ number, part, terms })),
  );
  let from = 0;
  while (from < rows.length) {
    let to = from;
    let characters = 0;
    while (to < rows.length && (to === from || characters < MAX_MESSAGE_CHARACTERS)) {
      characters += rows[to]?.terms.length ?? 0;
      to += 1;
    }
    const some = rows.slice(from, to);
    await run(
      `INSERT INTO ${tables.passages} (document, part, terms)
       SELECT document, part, terms::tsvector
       FROM unnest($1::bigint[], $2::int[], $3::text[]) AS input (document, part, terms)`,
      [some.map((row) => row.number), some.map((row) => row.part), some.map((row) => row.terms)],
    );
    from = to;
  }
}

interface Overtaking {
  readonly results: readonly OperationResult[];
  readonly writes: readonly PlannedWrite[];
  readonly written: ReadonlyMap<string, unknown>;
}

/** The results, with what other writers wrote in between taken in. */
async function withOvertaken(
  run: Run,
  tables: GenerationTables,
  { results, writes, written }: Overtaking,
): Promise<OperationResult[]> {
  const lost = writes.filter(({ id }) => !written.has(id));
  const corrected = [...results];
  if (lost.length === 0) return corrected;
  const held = await heldRevisions(
    run,
    tables,
    lost.map(({ id }) => id),
  );
  for (const { id, at, operation } of lost) {
    const wanted = {
      revision: operation.kind === 'put' ? operation.document.revision : operation.revision,
      isDeleted: operation.kind === 'delete',
    };
    corrected[at] = { outcome: outcomeOf(wanted, held.get(id)) };
  }
  return corrected;
}
