/** The ceiling: COPY of the same rows into the same two tables, with no look at what is there. */
import { pipeline } from 'node:stream/promises';
import type { DocumentEvent } from '@longshore/warehouse';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { FACT_COLUMNS, factValues } from './plain-upserts.ts';

/** Copies them in one transaction. */
export async function bareCopy(pool: pg.Pool, events: readonly DocumentEvent[]): Promise<void> {
  const client = await pool.connect();
  await client.query('BEGIN');
  const columns = FACT_COLUMNS.join(', ');
  const now = new Date().toISOString();
  for (const [table, own] of [
    ['fact_document', 'updated_at'],
    ['fact_document_event', 'loaded_at, load_id'],
  ] as const) {
    const copy = copyFrom(`COPY warehouse.${table} (${columns}, ${own}) FROM STDIN`);
    await pipeline(
      lines(events, table === 'fact_document' ? () => now : (n) => `${now}\t${n + 1}`),
      client.query(copy),
    );
  }
  await client.query('COMMIT');
  client.release();
}

function* lines(events: readonly DocumentEvent[], own: (n: number) => string): Generator<string> {
  let chunk = '';
  for (const [n, event] of events.entries()) {
    const fields = factValues(event).map((value) => (value === null ? String.raw`\N` : String(value)));
    chunk += `${fields.join('\t')}\t${own(n)}\n`;
    if (chunk.length < 65_536) continue;
    yield chunk;
    chunk = '';
  }
  yield chunk;
}
