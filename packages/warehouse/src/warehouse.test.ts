import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleEvent, sampleId } from './fixtures/sample-event.ts';
import { startPostgres, type PostgresServer } from './fixtures/postgres-server.ts';
import { loadDocuments } from './load-documents.ts';
import { migrateWarehouse } from './migrations.ts';
import { recordBatch, warehouse } from './warehouse.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
}, 60_000);
afterAll(() => server.stop());

async function opened(): Promise<pg.Pool & { readonly url: string }> {
  const pool = await server.database();
  await migrateWarehouse(pool);
  return pool;
}

async function one(pool: pg.Pool, sql: string): Promise<Record<string, unknown>> {
  const { rows } = await pool.query<Record<string, unknown>>(sql);
  return rows[0] ?? {};
}

const counts = (pool: pg.Pool): Promise<Record<string, unknown>> =>
  one(
    pool,
    `SELECT (SELECT count(*)::int FROM bi.fact_document_event) AS events, (SELECT count(*)::int FROM bi.fact_document) AS documents,
      (SELECT count(*)::int FROM warehouse.longshore_rejects) AS rejects`,
  );

describe.each(['copy', 'unnest'] as const)('documents that are loaded by %s', (by) => {
  it('keep every value, and the UTC day as date and as key', async () => {
    const pool = await opened();
    await loadDocuments([sampleEvent(7), sampleEvent(8, { source: 'tab\there\nline', tenant: 'Å{"x",}' })], {
      pool,
      by,
    });
    const row = await one(
      pool,
      `SELECT f.*, f.finished_on::text AS day, w.worker, d.month_name, d.iso_week, y.text_layer FROM bi.fact_document f
        JOIN bi.dim_worker w USING (worker_key) JOIN bi.dim_date d ON d.date_key = f.finished_date_key
        JOIN bi.dim_document_type y USING (document_type_key) WHERE document_id = '${sampleId(7)}'`,
    );
    expect(row).toMatchObject({
      source: 'folder/Lettre n° 7 "finale" \\ copie.pdf',
      day: '2026-03-01',
      finished_date_key: 20_260_301,
      month_name: 'March',
      iso_week: 9,
      worker: 'worker-3',
      extract_ms: '250',
      bytes: '10007',
      text_layer: 'present',
      finished_at: new Date('2026-03-01T23:59:59.250Z'),
      code: null,
    });
    const other = await one(
      pool,
      `SELECT source, tenant FROM bi.fact_document JOIN bi.dim_tenant USING (tenant_key) WHERE document_id = '${sampleId(8)}'`,
    );
    expect(other).toEqual({ source: 'tab\there\nline', tenant: 'Å{"x",}' });
    await pool.end();
  });

  it('end at the highest revision whatever the order, with one event for each', async () => {
    const pool = await opened();
    const [first, second, third] = [1, 2, 3].map((revision) => sampleEvent(1, { revision, pages: revision }));
    if (first === undefined || second === undefined || third === undefined)
      throw new Error('Three were made');
    await loadDocuments([second, first, second], { pool, by });
    await loadDocuments([third], { pool, by });
    await loadDocuments([first, second], { pool, by });
    expect(await counts(pool)).toEqual({ events: 3, documents: 1, rejects: 0 });
    expect(await one(pool, 'SELECT revision, pages FROM bi.fact_document')).toEqual({
      revision: 3,
      pages: 3,
    });
    await pool.end();
  });

  it('are not touched where nothing changed', async () => {
    const pool = await opened();
    const events = Array.from({ length: 50 }, (_, n) => sampleEvent(n));
    const state = (): Promise<Record<string, unknown>> =>
      one(
        pool,
        `SELECT string_agg(xmin::text || ctid::text, ' ' ORDER BY document_id) AS rows FROM warehouse.fact_document`,
      );
    await loadDocuments(events, { pool, by });
    const before = await state();
    await loadDocuments(events, { pool, by });
    expect(await state()).toEqual(before);
    await loadDocuments([sampleEvent(0, { words: 1 })], { pool, by });
    expect(await state()).not.toEqual(before);
    await pool.end();
  });

  it('lose none to a poison row, which is kept with its reason', async () => {
    const pool = await opened();
    const events = Array.from({ length: 40 }, (_, n) => sampleEvent(n));
    events[13] = sampleEvent(13, { source: 'a\0b' });
    events[29] = sampleEvent(29, { finishedAt: '1871-01-18T00:00:00Z' });
    events[30] = sampleEvent(30, { revision: 3_000_000_000 });
    const progress = await loadDocuments(events, { pool, by });
    expect(progress).toEqual({ loaded: 37, rejected: 3 });
    expect(await counts(pool)).toEqual({ events: 37, documents: 37, rejects: 3 });
    const { rows } = await pool.query<{ sql_state: string; payload: string }>(
      'SELECT sql_state, payload FROM warehouse.longshore_rejects ORDER BY sql_state',
    );
    expect(rows.map((row) => row.sql_state)).toEqual(['22003', '22021', '23514']);
    expect(rows.map((row) => JSON.parse(row.payload) as unknown)).toContainEqual(events[13]);
    expect(await one(pool, 'SELECT open_rejects::int AS n FROM bi.freshness')).toEqual({ n: 3 });
    await loadDocuments([sampleEvent(13)], { pool, by });
    expect(await one(pool, 'SELECT open_rejects::int AS n FROM bi.freshness')).toEqual({ n: 2 });
    await pool.end();
  });

  it('give way to an event of the same revision when they were backfilled, in either order', async () => {
    const pool = await opened();
    const { waitedMs: _waited, ...known } = sampleEvent(1);
    const backfilled = { ...known, isBackfill: true, worker: 'backfill' };
    for (const event of [backfilled, sampleEvent(1), backfilled]) await loadDocuments([event], { pool, by });
    expect(await one(pool, 'SELECT waited_ms, is_complete FROM bi.fact_document')).toEqual({
      waited_ms: '1000',
      is_complete: true,
    });
    await pool.end();
  });
});

describe('warehouse', () => {
  it('says of each event what became of it, a poison one among others included', async () => {
    const pool = await opened();
    await using sink = warehouse({ pool, maxWaitMs: 5 });
    const events = Array.from({ length: 20 }, (_, n) =>
      sampleEvent(n, n === 11 ? { pages: 2_200_000_000 } : {}),
    );
    const outcomes = await Promise.all(events.map((event) => sink.record(event)));
    expect(outcomes.map(({ kind }) => kind)).toEqual(
      events.map((_, n) => (n === 11 ? 'rejected' : 'recorded')),
    );
    expect(await counts(pool)).toEqual({ events: 19, documents: 19, rejects: 1 });
    await pool.end();
  });

  it('rejects nothing when the warehouse is down or has no tables, and says what helps', async () => {
    const pool = await server.database();
    await using sink = warehouse({ pool, maxWaitMs: 0 });
    await expect(sink.record(sampleEvent(1))).rejects.toMatchObject({
      code: 'dependency_down',
      retryable: true,
      message: expect.stringContaining('longshore warehouse migrate') as string,
    });
    await pool.end();
  });
});

describe('two writers', () => {
  it('never wait for each other in a circle, where unsorted upserts do', async () => {
    const pool = await opened();
    const forwards = Array.from({ length: 400 }, (_, n) => sampleEvent(n));
    await recordBatch(pool, forwards);
    await pool.query(
      `CREATE TABLE unsorted AS SELECT document_id, revision FROM warehouse.fact_document; ALTER TABLE unsorted ADD PRIMARY KEY (document_id)`,
    );
    const ids = forwards.map(({ documentId }) => documentId);
    let deadlocks = 0;
    for (let round = 2; round < 12; round += 1) {
      // Row by row in opposite orders, each writer holding what it has: the case that sorting removes.
      deadlocks += await oppositeUpdates(pool, ids, round);
      const newer = forwards.map((event) => ({
        ...event,
        revision: round,
        worker: `new-${event.worker}-${round}`,
      }));
      await Promise.all([recordBatch(pool, newer), recordBatch(pool, newer.toReversed())]);
    }
    expect(deadlocks).toBeGreaterThan(0);
    expect(await one(pool, 'SELECT min(revision) AS revision FROM bi.fact_document')).toEqual({
      revision: 11,
    });
    expect(await counts(pool)).toEqual({ events: 400 * 11, documents: 400, rejects: 0 });
    await pool.end();
  });

  it('hide no load_id from a reader that takes what lies above the last it saw', async () => {
    const pool = await opened();
    let isWriting = true;
    const write = async (from: number): Promise<void> => {
      for (let batch = 0; batch < 40; batch += 1)
        await recordBatch(
          pool,
          Array.from({ length: 25 }, (_, n) => sampleEvent(from + batch * 25 + n)),
        );
    };
    const seen = new Set<string>();
    let last = 0;
    let readsWithNews = 0;
    const read = async (): Promise<void> => {
      const { rows } = await pool.query<{ load_id: string; document_id: string }>(
        'SELECT load_id, document_id FROM bi.fact_document_event WHERE load_id > $1 ORDER BY load_id',
        [last],
      );
      if (rows.length > 0) readsWithNews += 1;
      for (const row of rows) {
        seen.add(row.document_id);
        last = Number(row.load_id);
      }
    };
    const reading = (async () => {
      while (isWriting) await read();
    })();
    await Promise.all([write(0), write(100_000), write(200_000)]);
    isWriting = false;
    await reading;
    await read();
    expect(seen.size).toBe(3_000);
    expect(readsWithNews).toBeGreaterThan(5);
    await pool.end();
  });

  it('are held to the order by the lock: a load that has not committed lets no later one pass', async () => {
    const pool = await opened();
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock(5642379401)');
    const second = recordBatch(pool, [sampleEvent(2)]);
    await expect
      .poll(() =>
        one(pool, `SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`),
      )
      .toEqual({ n: 1 });
    await client.query('COMMIT');
    client.release();
    await second;
    expect(await counts(pool)).toMatchObject({ events: 1 });
    await pool.end();
  });
});

/** Two transactions that update the same rows in opposite orders; resolves with how many of them were victims. */
async function oppositeUpdates(pool: pg.Pool, ids: readonly string[], revision: number): Promise<number> {
  const [first = '', second = ''] = ids;
  const clients = await Promise.all([pool.connect(), pool.connect()]);
  await Promise.all(clients.map((client) => client.query(`BEGIN; SET LOCAL deadlock_timeout = '20ms'`)));
  const update = `INSERT INTO unsorted VALUES ($1, $2) ON CONFLICT (document_id) DO UPDATE SET revision = excluded.revision`;
  const [left, right] = clients;
  await Promise.all([left.query(update, [first, revision]), right.query(update, [second, revision])]);
  const ends = await Promise.allSettled([
    left.query(update, [second, revision]),
    right.query(update, [first, revision]),
  ]);
  await Promise.all(clients.map((client) => client.query('ROLLBACK')));
  for (const client of clients) client.release();
  return ends.filter((end) => end.status === 'rejected' && /deadlock/.test(String(end.reason))).length;
}
