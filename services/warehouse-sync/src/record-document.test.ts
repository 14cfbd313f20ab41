import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { memoryObjectStore } from '@longshore/objects/memory';
import { createProducer } from '@longshore/queue';
import { memoryQueue } from '@longshore/queue/memory';
import { migrateWarehouse, warehouse, type DocumentEvent } from '@longshore/warehouse';
import { createWorker, jsonLog } from '@longshore/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  startPostgres,
  type PostgresServer,
} from '../../../packages/warehouse/src/fixtures/postgres-server.ts';
import { sampleEvent } from '../../../packages/warehouse/src/fixtures/sample-event.ts';
import { recordDocument, warehouseHandlers } from './index.ts';

const WRITER = fileURLToPath(new URL('./fixtures/writer.ts', import.meta.url));

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
    const jobs = Array.from({ length: 30 }, (_, n) => sampleEvent(n % 10, { revision: 1 + ((n * 7) % 3) }));
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

  it('loses nothing and repeats nothing when two writers are killed in a batch and others take over', async () => {
    const pool = await server.database();
    await migrateWarehouse(pool);
    const events = Array.from({ length: 1_200 }, (_, n) =>
      sampleEvent(n % 400, { revision: 1 + Math.floor(n / 400) }),
    );
    let acknowledged = 0;
    for (const seed of [3, 60, 250]) {
      const writers = [events, events.toReversed()].map((each) => killAfter(pool.url, each, seed));
      const said = (await Promise.all(writers)).flat();
      acknowledged += said.length;
      const { rows } = await pool.query<{ pair: string }>(
        `SELECT document_id || ':' || revision AS pair FROM bi.fact_document_event`,
      );
      const there = new Set(rows.map(({ pair }) => pair));
      expect(said.filter((pair) => !there.has(pair))).toEqual([]);
    }
    expect(acknowledged).toBeGreaterThan(0);
    const said = await Promise.all([killAfter(pool.url, events, 1_200), killAfter(pool.url, events, 1_200)]);
    expect(said.map((each) => each.length)).toEqual([1_200, 1_200]);
    const { rows } = await pool.query(
      `SELECT count(*)::int AS events, count(DISTINCT load_id)::int AS loads, count(DISTINCT (document_id, revision))::int AS pairs,
        (SELECT min(revision) FROM bi.fact_document) AS least FROM bi.fact_document_event`,
    );
    expect(rows).toEqual([{ events: 1_200, loads: 1_200, pairs: 1_200, least: 3 }]);
    await pool.end();
  }, 60_000);
});

/** Runs a writer, kills it once it has acknowledged so many, and resolves with all that it acknowledged. */
async function killAfter(
  url: string,
  events: readonly DocumentEvent[],
  count: number,
): Promise<readonly string[]> {
  const child = spawn(process.execPath, [WRITER, url, JSON.stringify(events)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (text.split('\n').length > count) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return text.split('\n').filter((line) => /^[0-9a-f]{64}:\d+$/.test(line));
}

function highest(jobs: readonly DocumentEvent[]): readonly number[] {
  const revisions = new Map<string, number>();
  for (const { documentId, revision } of jobs)
    revisions.set(documentId, Math.max(revision, revisions.get(documentId) ?? 0));
  return [...revisions.values()];
}
