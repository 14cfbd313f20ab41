/**
 * The way for many rows: COPY into a temporary table, then one merge by the same function that small batches use. A
 * connection behind RDS Proxy is pinned by the temporary table, so `unnest` goes without.
 */
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { COLUMNS, type ColumnValue, type DocumentEvent } from './document-event.ts';
import { isRowFault, unavailable } from './fault.ts';
import { recordReject } from './rejects.ts';
import { recordBatch } from './warehouse.ts';

/** Options of {@link loadDocuments}. */
export interface LoadOptions {
  readonly pool: pg.Pool;
  /** `copy` is faster; `unnest` suits RDS Proxy. Default `copy`. */
  readonly by?: 'copy' | 'unnest';
  /** Rows of a transaction. Default 10,000 with `copy`, 1,000 with `unnest`. */
  readonly batchRows?: number;
  /** Called after each commit. */
  readonly onProgress?: (progress: LoadProgress) => void;
  readonly signal?: AbortSignal;
}

/** How far a load has come. */
export interface LoadProgress {
  /** Rows that were committed, the rejected ones not among them. */
  readonly loaded: number;
  readonly rejected: number;
}

const STAGE = `CREATE TEMP TABLE IF NOT EXISTS longshore_stage (${COLUMNS.map(({ name, type }) => `${name} ${type}`).join(', ')}) ON COMMIT DELETE ROWS`;
const COPY = `COPY pg_temp.longshore_stage FROM STDIN`;
const MERGE = `SELECT 1 FROM warehouse.record_documents((SELECT array_agg(ROW(s.*)::warehouse.document_row) FROM pg_temp.longshore_stage s))`;
/** Pieces of this size keep COPY busy without holding a batch twice. */
const CHUNK_CHARS = 65_536;

/**
 * Loads events, resolves with what became of them. Safe to repeat: rows that are there unchanged cost a look.
 *
 * @throws LongshoreError `dependency_down`; the signal's reason; what `events` throws
 */
export async function loadDocuments(
  events: AsyncIterable<DocumentEvent> | Iterable<DocumentEvent>,
  options: LoadOptions,
): Promise<LoadProgress> {
  const { by = 'copy', onProgress, signal } = options;
  const { batchRows = by === 'copy' ? 10_000 : 1_000 } = options;
  let progress: LoadProgress = { loaded: 0, rejected: 0 };
  const commit = async (batch: readonly DocumentEvent[]): Promise<void> => {
    const rejected = await loadBatch(batch, options);
    progress = {
      loaded: progress.loaded + batch.length - rejected,
      rejected: progress.rejected + rejected,
    };
    onProgress?.(progress);
  };
  let batch: DocumentEvent[] = [];
  for await (const event of events) {
    signal?.throwIfAborted();
    batch.push(event);
    if (batch.length < batchRows) continue;
    await commit(batch);
    batch = [];
  }
  if (batch.length > 0) await commit(batch);
  return progress;
}

/** Writes a batch, halving it until the rows to blame stand alone; resolves with how many those were. */
async function loadBatch(batch: readonly DocumentEvent[], options: LoadOptions): Promise<number> {
  const { pool, by = 'copy' } = options;
  const [first] = batch;
  if (first === undefined) return 0;
  try {
    await (by === 'copy' ? copyBatch(pool, batch) : recordBatch(pool, batch));
    return 0;
  } catch (error) {
    if (!isRowFault(error)) throw unavailable(error);
    if (batch.length === 1) {
      await recordReject(pool, first, error);
      return 1;
    }
    const half = batch.length >> 1;
    const left = await loadBatch(batch.slice(0, half), options);
    return left + (await loadBatch(batch.slice(half), options));
  }
}

async function copyBatch(pool: pg.Pool, batch: readonly DocumentEvent[]): Promise<void> {
  const client = await pool.connect();
  let isSound = false;
  try {
    await client.query('BEGIN');
    await client.query(STAGE);
    await pipeline(copyText(batch), client.query(copyFrom(COPY)));
    await client.query(MERGE);
    await client.query('COMMIT');
    isSound = true;
  } catch (error) {
    isSound = await client.query('ROLLBACK').then(
      () => true,
      () => false,
    );
    throw error;
  } finally {
    client.release(!isSound);
  }
}

/** Rows in the text format of COPY. https://www.postgresql.org/docs/current/sql-copy.html */
function* copyText(batch: readonly DocumentEvent[]): Generator<string> {
  let chunk = '';
  for (const event of batch) {
    let separator = '';
    for (const { valueOf } of COLUMNS) {
      chunk += separator + field(valueOf(event));
      separator = '\t';
    }
    chunk += '\n';
    if (chunk.length < CHUNK_CHARS) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': String.raw`\\`,
  '\t': String.raw`\t`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
};

function field(value: ColumnValue): string {
  if (value === null) return String.raw`\N`;
  if (typeof value === 'number') return String(value);
  return /[\\\t\n\r]/.test(value) ? value.replaceAll(/[\\\t\n\r]/g, (each) => ESCAPES[each] ?? each) : value;
}
