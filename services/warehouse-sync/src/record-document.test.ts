import { memoryObjectStore } from '@longshore/objects/memory';
import { createProducer } from '@longshore/queue';
import { memoryQueue } from '@longshore/queue/memory';
import { migrateWarehouse, warehouse, type DocumentEvent } from '@longshore/warehouse';
import { createWorker, jsonLog } from '@longshore/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type PostgresServer } from './fixtures/postgres-server.ts';
import { recordDocument, warehouseHandlers } from './index.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
}, 60_000);
afterAll(() => server.stop());

describe('record-document', () => {
  it('records each document once, whatever comes twice and in whatever order', async () => {
    const pool = await server.database();
    await migrateWarehouse(pool);
    await using sink = warehouse({ pool, maxWaitMs: 1 });
    const deadLetters = memoryQueue({ name: 'warehouse-dlq' });
    const queue = memoryQueue({ name: 'warehouse', deadLetters });
    const producer = createProducer({ queueFor: () => queue });
    const jobs = Array.from({ length: 30 }, (_, n) => event(n % 10, 1 + (n % 3)));
    await producer.enqueueAll(recordDocument, jobs);
    const worker = createWorker({
      queue,
      objects: memoryObjectStore(),
      slots: 50,
      handlers: warehouseHandlers({ warehouse: sink }),
      log: jsonLog({ level: 'silent' }),
    });
    while ((await queue.counts()).backlog > 0) await worker.tick();
    expect((await deadLetters.counts()).backlog).toBe(0);
    const { rows } = await pool.query(
      'SELECT count(*)::int AS n, min(revision) AS least FROM bi.fact_document',
    );
    expect(rows).toEqual([{ n: 10, least: Math.min(...highest(jobs)) }]);
    const pairs = new Set(jobs.map(({ documentId, revision }) => `${documentId}:${revision}`));
    const { rowCount } = await pool.query('SELECT FROM bi.fact_document_event');
    expect(rowCount).toBe(pairs.size);
    await pool.end();
  });
});

function highest(jobs: readonly DocumentEvent[]): readonly number[] {
  const revisions = new Map<string, number>();
  for (const { documentId, revision } of jobs)
    revisions.set(documentId, Math.max(revision, revisions.get(documentId) ?? 0));
  return [...revisions.values()];
}

function event(n: number, revision: number): DocumentEvent {
  return {
    documentId: String(n).padStart(64, '0'),
    revision,
    source: `letter-${n}.pdf`,
    outcome: 'extracted',
    contentType: 'application/pdf',
    bytes: 1_000,
    pages: 1,
    words: 100,
    language: 'fr',
    textLayer: 'present',
    enqueuedAt: '2026-03-01T10:00:00.000Z',
    startedAt: '2026-03-01T10:00:01.000Z',
    finishedAt: '2026-03-01T10:00:02.000Z',
    waitedMs: 1_000,
    extractMs: 1_000,
    attempt: 1,
    worker: 'worker-1',
  };
}
