import { defineJob } from '@longshore/job';
import { memoryObjectStore } from '@longshore/objects/memory';
import type { ObjectStore } from '@longshore/objects';
import { createProducer, type Queue } from '@longshore/queue';
import { memoryQueue } from '@longshore/queue/memory';
import { createWorker, jsonLog } from '@longshore/worker';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  EXTRACTOR_VERSION,
  artefactKey,
  extractPdf,
  extractionHandlers,
  followUp,
  rejectionKey,
  sha256,
  type Extraction,
} from './index.ts';

const noted = defineJob({ name: 'note-document', schema: z.looseObject({ documentId: z.string() }) });
const BYTES = '%PDF the bytes';
const ID = sha256(Buffer.from(BYTES));
const OK: Extraction = {
  kind: 'ok',
  engine: 'pdfium',
  engineVersion: '1',
  isFallback: false,
  head: { pageCount: 1, metadata: {}, outline: [] },
  pages: [
    {
      page: 1,
      text: 'Un rapport',
      textLayer: 'present',
      hasUnreadableText: false,
      words: 2,
      fields: [],
      links: [],
    },
  ],
  pagesWanted: 1,
  words: 2,
  language: 'fr',
  textLayer: 'present',
};

let objects: ObjectStore;
let queue: Queue;
let notes: Queue;
beforeEach(async () => {
  objects = memoryObjectStore();
  queue = memoryQueue({ name: 'pdf', deadLetters: memoryQueue({ name: 'pdf-dlq' }) });
  notes = memoryQueue({ name: 'notes' });
  await objects.put('in/a.pdf', BYTES);
});

/** Extracts `in/a.pdf` once, and tells what was told. */
async function extractAndListen(answer: Extraction): Promise<unknown[]> {
  const indexing = memoryQueue({ name: 'indexing' });
  const queues: Readonly<Record<string, Queue>> = { 'index-document': indexing, 'note-document': notes };
  const producer = createProducer({ queueFor: (name) => queues[name] ?? queue });
  const worker = createWorker({
    queue,
    objects,
    producer,
    handlers: extractionHandlers({
      extractor: {
        extract: () => Promise.resolve(answer),
        warmUp: () => Promise.resolve(),
        close: () => Promise.resolve(),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      },
      followUps: [followUp(noted, (event) => ({ ...event }))],
      clock: { nowMs: () => 1_800_000_000_000 },
    }),
    log: jsonLog({ level: 'silent' }),
  });
  await producer.enqueue(extractPdf, { key: 'in/a.pdf', source: 'a.pdf' });
  await worker.tick();
  await producer.close();
  const messages = await notes.receive({ max: 10, leaseMs: 1_000, waitMs: 0 });
  return messages.map(({ body }) => (JSON.parse(body) as { payload: unknown }).payload);
}

describe('the event of a document', () => {
  it('tells its figures and where its text lies', async () => {
    expect(await extractAndListen(OK)).toEqual([
      expect.objectContaining({
        documentId: ID,
        revision: Number(EXTRACTOR_VERSION),
        source: 'a.pdf',
        outcome: 'extracted',
        artefactKey: artefactKey(ID),
        contentType: 'application/pdf',
        bytes: BYTES.length,
        pages: 1,
        words: 2,
        language: 'fr',
        textLayer: 'present',
        engine: 'pdfium',
        finishedAt: '2027-01-15T08:00:00.000Z',
        extractMs: 0,
        attempt: 1,
      }),
    ]);
  });

  it('tells of a rejection why', async () => {
    const failed: Extraction = { kind: 'failed', code: 'encrypted', reason: 'It needs a password' };
    const [event] = await extractAndListen(failed);
    expect(event).toMatchObject({
      outcome: 'rejected',
      code: 'encrypted',
      rejectionKey: rejectionKey(ID),
      pages: 0,
    });
    expect(event).not.toHaveProperty('artefactKey');
  });

  it('is told again, of the same document and revision, where an earlier attempt may have died before', async () => {
    const first = await extractAndListen(OK);
    const second = await extractAndListen({ kind: 'failed', code: 'corrupt', reason: 'Never asked' });
    const same = {
      documentId: ID,
      revision: Number(EXTRACTOR_VERSION),
      outcome: 'extracted',
      words: 2,
      artefactKey: artefactKey(ID),
    };
    expect([first, second]).toEqual([[expect.objectContaining(same)], [expect.objectContaining(same)]]);
  });

  it('is not made of an artefact that cannot be read', async () => {
    await objects.put(artefactKey(ID), '{"documentId":"torn');
    expect(await extractAndListen(OK)).toEqual([]);
  });
});
