/** What people write first: an upsert a row, or VALUES of many rows, into the same two tables, guarded by the revision. */
import type { DocumentEvent } from '@longshore/warehouse';
import type pg from 'pg';

const DOCUMENT = ['document_id', 'tenant_key', 'revision'];
const SHARED = [
  'worker_key',
  'document_type_key',
  'finished_date_key',
  'finished_on',
  'source',
  'outcome',
  'code',
  'artefact_key',
  'language',
  'engine',
  'enqueued_at',
  'started_at',
  'finished_at',
  'bytes',
  'pages',
  'words',
  'waited_ms',
  'extract_ms',
  'attempt',
  'detail',
];
/** Columns that both facts have. */
export const FACT_COLUMNS: readonly string[] = [...DOCUMENT, ...SHARED];
const UPDATES = FACT_COLUMNS.slice(2).map((name) => `${name} = excluded.${name}`);

/** Values of {@link FACT_COLUMNS}; the keys of dimensions are known to the caller, which costs it nothing here. */
export function factValues(event: DocumentEvent): readonly (string | number | null)[] {
  const { documentId, revision, source, outcome, code = null, artefactKey = null, language } = event;
  const {
    engine = null,
    enqueuedAt = null,
    startedAt = null,
    finishedAt,
    bytes = null,
    pages,
    words,
  } = event;
  const day = finishedAt.slice(0, 10);
  const keys = [event.tenant === undefined ? 1 : 2, revision, Number(event.worker.slice(7)) + 1, 1];
  const { waitedMs = null, extractMs = null, attempt = null } = event;
  const times = [enqueuedAt, startedAt, finishedAt, bytes, pages, words, waitedMs, extractMs, attempt, 1];
  const texts = [source, outcome, code, artefactKey, language, engine];
  return [documentId, ...keys, Number(day.replaceAll('-', '')), day, ...texts, ...times];
}

/** A statement a row and table, `perTransaction` rows in a transaction. */
export async function singleRows(
  pool: pg.Pool,
  events: readonly DocumentEvent[],
  perTransaction: number,
): Promise<void> {
  const client = await pool.connect();
  const [document, event] = statements(1);
  for (const [index, each] of events.entries()) {
    if (index % perTransaction === 0) await client.query('BEGIN');
    const values = [...factValues(each)];
    // Named statements are parsed once: as fast as rows one by one can be.
    await client.query({ name: 'document', text: document, values });
    await client.query({ name: 'event', text: event, values });
    if ((index + 1) % perTransaction === 0 || index === events.length - 1) await client.query('COMMIT');
  }
  client.release();
}

/** VALUES of many rows, one transaction for each statement pair. */
export async function multiRowValues(
  pool: pg.Pool,
  events: readonly DocumentEvent[],
  rows: number,
): Promise<void> {
  const client = await pool.connect();
  for (let from = 0; from < events.length; from += rows) {
    const batch = events.slice(from, from + rows);
    const values = batch.flatMap((each) => [...factValues(each)]);
    const [document, event] = statements(batch.length);
    await client.query('BEGIN');
    await client.query(document, values);
    await client.query(event, values);
    await client.query('COMMIT');
  }
  client.release();
}

function statements(rows: number): readonly [string, string] {
  const row = (index: number): string =>
    FACT_COLUMNS.map((_, column) => `$${index * FACT_COLUMNS.length + column + 1}`).join(', ');
  const tuples = (after: string): string =>
    Array.from({ length: rows }, (_, index) => `(${row(index)}, ${after})`).join(', ');
  return [
    `INSERT INTO warehouse.fact_document AS f (${FACT_COLUMNS.join(', ')}, updated_at) VALUES ${tuples('now()')}
     ON CONFLICT (document_id, tenant_key) DO UPDATE SET ${UPDATES.join(', ')} WHERE f.revision < excluded.revision`,
    `INSERT INTO warehouse.fact_document_event (${FACT_COLUMNS.join(', ')}, load_id, loaded_at)
     VALUES ${tuples(`nextval('warehouse.load_id'), now()`)} ON CONFLICT DO NOTHING`,
  ];
}
