import { memoryObjectStore } from '@longshore/objects/memory';
import { readJson } from '@longshore/objects';
import { createProducer, listDeadLetters } from '@longshore/queue';
import { memoryQueue } from '@longshore/queue/memory';
import { createWorker } from '@longshore/worker';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { artefactSchema } from './artefact.ts';
import { decodeS3Event, extractPdf, extractionHandlers, type Extraction, type Extractor } from './index.ts';

/** An extractor that answers what a test wants and counts; the real ones are tested in their sandboxes. */
function extractorThatAnswers(extraction: Extraction): Extractor & { calls: number } {
  const extractor = {
    calls: 0,
    extract: () => {
      extractor.calls += 1;
      return Promise.resolve(extraction);
    },
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return extractor;
}

const ok: Extraction = {
  kind: 'ok',
  engine: 'pdfium',
  head: { pageCount: 1, metadata: { title: 'Rapport' }, outline: [] },
  pages: [
    {
      page: 1,
      text: 'Le rapport de la commission sur les élections est dans les archives',
      textLayer: 'present',
    },
  ],
};

function open(extraction: Extraction) {
  const extractor = extractorThatAnswers(extraction);
  const objects = memoryObjectStore();
  const deadLetters = memoryQueue({ name: 'pdf-dlq' });
  const queue = memoryQueue({ name: 'pdf', deadLetters });
  const indexing = memoryQueue({ name: 'indexing' });
  const producer = createProducer({ queueFor: (name) => (name === 'index-document' ? indexing : queue) });
  const worker = createWorker({
    queue,
    objects,
    producer,
    slots: 5,
    handlers: extractionHandlers({ extractor, bucket: 'incoming' }),
    decoders: [decodeS3Event],
    log: pino({ level: 'silent' }),
  });
  return { extractor, objects, deadLetters, queue, indexing, producer, worker };
}

const event = (bucket: string, ...keys: string[]) =>
  JSON.stringify({
    Records: keys.map((key) => ({
      eventName: 'ObjectCreated:Put',
      s3: { bucket: { name: bucket }, object: { key, eTag: 'e' } },
    })),
  });

describe('extract-pdf', () => {
  it('leaves the text under the hash of the PDF and sends it on to the index', async () => {
    const { objects, producer, worker, indexing } = open(ok);
    await objects.put('in/a.pdf', '%PDF the bytes');
    await producer.enqueue(extractPdf, { key: 'in/a.pdf', source: 'a.pdf' });
    await worker.tick();
    const [info] = await Array.fromAsync(objects.list('extractions/'));
    const artefact = artefactSchema.parse(await readJson(objects, info?.key ?? ''));
    expect(artefact).toMatchObject({
      source: 'a.pdf',
      pageCount: 1,
      words: 12,
      language: 'fr',
      textLayer: 'present',
      metadata: { title: 'Rapport' },
    });
    expect(info?.key).toContain(artefact.documentId);
    expect((await indexing.counts()).backlog).toBe(1);
  });

  it('does not extract the same bytes twice', async () => {
    const { extractor, objects, producer, worker, indexing } = open(ok);
    await objects.put('in/a.pdf', '%PDF the bytes');
    await objects.put('in/copy.pdf', '%PDF the bytes');
    await producer.enqueue(extractPdf, { key: 'in/a.pdf' });
    await worker.tick();
    await producer.enqueue(extractPdf, { key: 'in/copy.pdf' });
    await worker.tick();
    expect(extractor.calls).toBe(1);
    expect((await indexing.counts()).backlog).toBe(2);
  });

  it('records why a document cannot be extracted, then buries its job', async () => {
    const { objects, producer, worker, deadLetters } = open({
      kind: 'failed',
      code: 'encrypted',
      reason: 'It needs a password',
    });
    await objects.put('in/a.pdf', '%PDF');
    await producer.enqueue(extractPdf, { key: 'in/a.pdf', source: 'contract.pdf' });
    await worker.tick();
    const [info] = await Array.fromAsync(objects.list('rejections/'));
    expect(await readJson(objects, info?.key ?? '')).toMatchObject({
      code: 'encrypted',
      source: 'contract.pdf',
    });
    expect(await listDeadLetters(deadLetters, { limit: 1 })).toMatchObject([
      { code: 'encrypted', reason: expect.stringContaining('contract.pdf') as string },
    ]);
  });

  it('tries again when the PDF is not there yet', async () => {
    const { producer, worker, queue, extractor } = open(ok);
    await producer.enqueue(extractPdf, { key: 'in/late.pdf' });
    await worker.tick();
    expect(await queue.counts()).toMatchObject({ inFlight: 1 });
    expect(extractor.calls).toBe(0);
  });
});

describe('an S3 event', () => {
  it('becomes one job for each created object, however it is wrapped', async () => {
    const bodies = [
      event('incoming', 'in/%C3%A9t%C3%A9+2026.pdf', 'in/b.pdf'),
      JSON.stringify({ Type: 'Notification', Message: event('incoming', 'in/c.pdf') }),
      JSON.stringify({
        source: 'aws.s3',
        detail: { bucket: { name: 'incoming' }, object: { key: 'in/d.pdf' } },
      }),
    ];
    const { objects, queue, worker, extractor } = open(ok);
    for (const name of ['été 2026', 'b', 'c', 'd']) await objects.put(`in/${name}.pdf`, `%PDF ${name}`);
    await queue.send(bodies.map((body) => ({ body })));
    await worker.tick();
    await worker.tick();
    expect(extractor.calls).toBe(4);
  });

  it('of another bucket is buried', async () => {
    const { queue, worker, deadLetters, extractor } = open(ok);
    await queue.send([{ body: event('elsewhere', 'in/a.pdf') }]);
    await worker.tick();
    expect(await listDeadLetters(deadLetters, { limit: 1 })).toMatchObject([
      { code: 'foreign_bucket', reason: expect.stringContaining('elsewhere') as string },
    ]);
    expect(extractor.calls).toBe(0);
  });

  it('that S3 sends as a test is done with at once', async () => {
    const { queue, worker, deadLetters } = open(ok);
    await queue.send([
      { body: JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'incoming' }) },
    ]);
    await worker.tick();
    expect(await queue.counts()).toEqual({ backlog: 0, inFlight: 0, delayed: 0 });
    expect((await deadLetters.counts()).backlog).toBe(0);
  });
});
