import { LongshoreError } from '@longshore/job';
import { memoryObjectStore } from '@longshore/objects/memory';
import { createProducer } from '@longshore/queue';
import { memoryQueue } from '@longshore/queue/memory';
import { createWorker, jsonLog } from '@longshore/worker';
import { describe, expect, it } from 'vitest';
import { countDocument, countDocumentHandler, type CountDocument } from './count-document.ts';
import { shippedDatasets } from './datasets/shipped-datasets.ts';
import { openDashboardStore } from './store/open-dashboard-store.ts';
import type { DashboardStore } from './store/dashboard-store.ts';

function fact(n: number, change: Partial<CountDocument> = {}): CountDocument {
  return {
    documentId: String(n).padStart(64, '0'),
    revision: 1,
    outcome: 'extracted',
    pages: 2,
    words: 10,
    finishedAt: '2026-03-01T10:10:00.000Z',
    waitedMs: 100,
    extractMs: 40,
    ...change,
  };
}

async function work(store: DashboardStore, facts: readonly CountDocument[]) {
  const deadLetters = memoryQueue({ name: 'dashboard-dlq' });
  const queue = memoryQueue({ name: 'dashboard', deadLetters });
  await createProducer({ queueFor: () => queue }).enqueueAll(countDocument, [...facts]);
  const worker = createWorker({
    queue,
    objects: memoryObjectStore(),
    slots: 50,
    handlers: [countDocumentHandler({ store, datasets: shippedDatasets })],
    log: jsonLog({ level: 'silent' }),
  });
  return { queue, deadLetters, worker };
}

describe('count-document', () => {
  it('counts each document and revision once, in all datasets', async () => {
    await using store = await openDashboardStore({ kind: 'sqlite', path: ':memory:' });
    const facts = Array.from({ length: 60 }, (_, n) => fact(n % 20, { revision: 1 + (n % 2) }));
    const { queue, deadLetters, worker } = await work(store, facts);
    while ((await queue.counts()).backlog > 0) await worker.tick();
    expect((await deadLetters.counts()).backlog).toBe(0);
    const distinct = new Set(facts.map(({ documentId, revision }) => `${documentId} ${revision}`)).size;
    for (const { dataset, row } of shippedDatasets) {
      const [only, ...others] = await store.rows({ dataset: dataset.id, newest: 10 });
      expect(others).toEqual([]);
      expect(row(only?.key ?? '', only?.counters ?? {})).toMatchObject({ documents: distinct });
    }
  });

  it('gives its jobs back, with no attempt counted, while the store is down', async () => {
    await using store = await openDashboardStore({ kind: 'sqlite', path: ':memory:' });
    const away: DashboardStore = {
      ...store,
      count: () =>
        Promise.reject(
          new LongshoreError('dashboard_unavailable', 'The database is away', { retryable: true }),
        ),
    };
    const { queue, deadLetters, worker } = await work(away, [fact(1)]);
    await worker.tick();
    expect((await deadLetters.counts()).backlog).toBe(0);
    const { backlog, inFlight, delayed } = await queue.counts();
    expect(backlog + inFlight + delayed).toBe(1);
    expect(await store.rows({ dataset: 'longshore.queue-latency', newest: 1 })).toEqual([]);
  });

  it('refuses payloads that no dashboard can show', () => {
    const validate = (payload: object): unknown => countDocument.schema['~standard'].validate(payload);
    for (const change of [{ pages: -1 }, { finishedAt: 'yesterday' }, { code: 'two words' }, { revision: 0 }])
      expect(validate(fact(1, change))).toHaveProperty('issues');
    const more = validate({ ...fact(1), source: 'letter.pdf', engine: 'pdfium' });
    expect(more).toEqual({ value: fact(1) });
  });
});
