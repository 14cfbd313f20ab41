/**
 * The warehouse as a sink: events come one by one, are written together and acknowledged after their commit. A row that
 * PostgreSQL refuses goes to `warehouse.longshore_rejects`, alone; a server that is out of reach refuses nothing.
 */
import { microBatch } from '@longshore/worker';
import type pg from 'pg';
import { arrayLiteral } from './array-literal.ts';
import { COLUMNS, type DocumentEvent } from './document-event.ts';
import { isRowFault, unavailable } from './fault.ts';
import { recordReject } from './rejects.ts';

/** What became of an event: its row is in the facts (or one as new was already), or among the rejects. */
export type Recorded = { readonly kind: 'recorded' } | { readonly kind: 'rejected'; readonly reason: string };

/** Options of {@link warehouse}. */
export interface WarehouseOptions {
  /** Stays the caller's. */
  readonly pool: pg.Pool;
  /** Most rows of a batch, 1 to 1,000; for more at once there is {@link loadDocuments}. Default 500. */
  readonly maxRows?: number;
  /** How long the first row of a batch waits for company. Default 50. */
  readonly maxWaitMs?: number;
}

/** Records events. */
export interface Warehouse extends AsyncDisposable {
  /**
   * Resolves after the commit. Events of one document may come twice and in any order.
   *
   * @throws LongshoreError `dependency_down` (retryable) when the warehouse cannot be used
   */
  record(event: DocumentEvent, options?: { readonly signal?: AbortSignal }): Promise<Recorded>;
  /** Writes what waits. */
  close(): Promise<void>;
}

const RECORDED: Recorded = { kind: 'recorded' };

const RECORD = `SELECT 1 FROM warehouse.record_documents(ARRAY(SELECT ROW(u.*)::warehouse.document_row FROM unnest(${COLUMNS.map(
  ({ type }, index) => `$${index + 1}::${type}[]`,
).join(', ')}) AS u))`;

/** Makes a sink on a pool. @throws LongshoreError `invalid_options` */
export function warehouse({ pool, maxRows = 500, maxWaitMs = 50 }: WarehouseOptions): Warehouse {
  const batch = microBatch<DocumentEvent, Recorded>({
    maxItems: maxRows,
    maxWaitMs,
    isDivisible: isRowFault,
    async write(events) {
      await recordBatch(pool, events);
      return events.map(() => ({ ok: true, value: RECORDED }));
    },
  });
  const close = (): Promise<void> => batch.close();
  return {
    async record(event, options) {
      try {
        return await batch.add(event, options);
      } catch (error) {
        if (!isRowFault(error)) throw error;
        return { kind: 'rejected', reason: await recordReject(pool, event, error) };
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * Writes a batch in one statement and transaction, with arrays as parameters. Throws PostgreSQL's own error where a row
 * is to blame.
 *
 * @throws LongshoreError `dependency_down`
 */
export async function recordBatch(pool: pg.Pool, events: readonly DocumentEvent[]): Promise<void> {
  const values = COLUMNS.map(({ valueOf }) => arrayLiteral(events.map(valueOf)));
  try {
    await pool.query(RECORD, values);
  } catch (error) {
    throw isRowFault(error) ? error : unavailable(error);
  }
}
