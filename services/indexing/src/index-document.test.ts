import { memoryObjectStore } from '@longshore/objects/memory';
import { createProducer, listDeadLetters } from '@longshore/queue';
import { memoryQueue } from '@longshore/queue/memory';
import { collectionKey } from '@longshore/search';
import { sqliteSearchIndex } from '@longshore/search/sqlite';
import { createWorker, jsonLog } from '@longshore/worker';
import { describe, expect, it } from 'vitest';
import { indexDocument, indexingHandlers, removeDocument } from './index.ts';

const job = {
  documentId: 'abc',
  revision: 1,
  artefactKey: 'extractions/1/abc.json',
  source: 'folder/lettre.pdf',
};
const artefact = {
  pages: [{ page: 1, text: 'Une élection au port' }],
  language: 'fr',
  metadata: {},
  other: 'ignored',
};

async function open() {
  const index = await sqliteSearchIndex({ path: ':memory:' });
  const objects = memoryObjectStore();
  const deadLetters = memoryQueue({ name: 'indexing-dlq' });
  const queue = memoryQueue({ name: 'indexing', deadLetters });
  const producer = createProducer({ queueFor: () => queue });
  const worker = createWorker({
    queue,
    objects,
    slots: 10,
    handlers: indexingHandlers({ index }),
    log: jsonLog({ level: 'silent' }),
  });
  return { index, objects, deadLetters, queue, producer, worker, [Symbol.asyncDispose]: () => index.close() };
}

describe('index-document', () => {
  it('makes an extracted text searchable, once, under its file name where it has no title', async () => {
    await using stage = await open();
    await stage.objects.put(job.artefactKey, JSON.stringify(artefact));
    await stage.producer.enqueueAll(indexDocument, [job, job]);
    await stage.worker.tick();
    const { hits, total } = await stage.index.search({ text: 'elections' });
    expect(total).toBe(1);
    expect(hits[0]).toMatchObject({ id: 'abc', title: 'lettre.pdf', source: 'folder/lettre.pdf', page: 1 });
  });

  it('keeps a document in its collection until a job files it elsewhere', async () => {
    await using stage = await open();
    await stage.objects.put(job.artefactKey, JSON.stringify(artefact));
    const found = async (collection: string): Promise<number> =>
      (await stage.index.search({ text: 'elections', collection })).total;
    await stage.producer.enqueue(indexDocument, { ...job, collection: 'minutes' });
    await stage.worker.tick();
    expect(await found('minutes')).toBe(1);
    await stage.producer.enqueue(indexDocument, { ...job, revision: 2 });
    await stage.worker.tick();
    expect(await found('minutes')).toBe(1);
    await stage.producer.enqueue(indexDocument, { ...job, revision: 3, collection: 'archive' });
    await stage.worker.tick();
    expect([await found('minutes'), await found('archive')]).toEqual([0, 1]);
    expect(await stage.objects.head(collectionKey('abc'))).toBeDefined();
  });

  it('removes a document, and does not take the removed revision again', async () => {
    await using stage = await open();
    await stage.objects.put(job.artefactKey, JSON.stringify(artefact));
    await stage.producer.enqueue(indexDocument, job);
    await stage.worker.tick();
    expect(await stage.index.count()).toBe(1);
    await stage.producer.enqueue(removeDocument, { documentId: 'abc', revision: 1 });
    await stage.worker.tick();
    expect(await stage.index.count()).toBe(0);
    const late = {
      kind: 'put',
      document: { id: 'abc', revision: 1, title: '', language: 'fr', source: '', pages: [] },
    };
    expect(await stage.index.bulk([late as never])).toEqual([{ outcome: 'unchanged' }]);
  });

  it('waits for a text that is not there yet', async () => {
    await using stage = await open();
    await stage.producer.enqueue(indexDocument, job);
    await stage.worker.tick();
    expect(await stage.queue.counts()).toMatchObject({ inFlight: 1 });
    expect((await stage.deadLetters.counts()).backlog).toBe(0);
  });

  it('buries a text that cannot be read, saying why', async () => {
    await using stage = await open();
    await stage.objects.put(job.artefactKey, '{"pages":"none"}');
    await stage.producer.enqueue(indexDocument, job);
    await stage.worker.tick();
    const [letter] = await listDeadLetters(stage.deadLetters, { limit: 1 });
    expect(letter).toMatchObject({ code: 'corrupt', reason: expect.stringContaining('pages') as string });
  });
});
