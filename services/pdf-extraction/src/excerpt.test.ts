/** Some pages of a document, by the real engine. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { memoryObjectStore } from '@longshore/objects/memory';
import { readJson } from '@longshore/objects';
import { createProducer, listDeadLetters } from '@longshore/queue';
import { memoryQueue } from '@longshore/queue/memory';
import { createWorker, jsonLog } from '@longshore/worker';
import { afterAll, expect, it } from 'vitest';
import { artefactSchema } from './artefact.ts';
import {
  artefactKey,
  createExtractor,
  excerptKey,
  extractPdf,
  extractionHandlers,
  sha256,
  type ExtractPdf,
} from './index.ts';

const PDF = readFileSync(join(import.meta.dirname, '../../../examples/documents/en-harbour-log.pdf'));
const ID = sha256(PDF);
const PAGES = 24;

const extractor = createExtractor({ children: 1, limits: { pages: 3 } });
afterAll(() => extractor.close());

async function open() {
  const objects = memoryObjectStore();
  await objects.put('in/book.pdf', PDF);
  const deadLetters = memoryQueue({ name: 'pdf-dlq' });
  const queue = memoryQueue({ name: 'pdf', deadLetters });
  const others = memoryQueue({ name: 'others' });
  const producer = createProducer({ queueFor: (name) => (name === 'extract-pdf' ? queue : others) });
  const worker = createWorker({
    queue,
    objects,
    producer,
    handlers: extractionHandlers({ extractor }),
    log: jsonLog({ level: 'silent' }),
  });
  return {
    objects,
    others,
    async run(job: Omit<ExtractPdf, 'key'>) {
      await producer.enqueue(extractPdf, { key: 'in/book.pdf', ...job });
      await worker.tick();
    },
    dead: async () =>
      (await listDeadLetters(deadLetters, { limit: 10 })).map(({ code, reason }) => `${code}: ${reason}`),
    excerpt: async (pages: string) => {
      const json = await readJson(objects, excerptKey(ID, pages));
      return json === undefined ? undefined : artefactSchema.parse(json);
    },
  };
}

it('reads the pages that a job wants and tells nobody of a part', async () => {
  const stage = await open();
  await stage.run({ pages: `${PAGES}, 1` });
  const excerpt = await stage.excerpt(`1,${PAGES}`);
  expect(excerpt).toMatchObject({ documentId: ID, pageCount: PAGES, pagesWanted: `1,${PAGES}` });
  expect(excerpt?.pages.map(({ page }) => page)).toEqual([1, PAGES]);
  expect(excerpt?.pages.every(({ text }) => text.length > 0)).toBe(true);
  expect(await readJson(stage.objects, artefactKey(ID))).toBeUndefined();
  expect((await stage.others.counts()).backlog).toBe(0);
  expect(await stage.dead()).toEqual([]);
});

it('reads the same pages once, however they are written, and others apart', async () => {
  const stage = await open();
  await stage.run({ pages: '1-2' });
  const first = await stage.objects.head(excerptKey(ID, '1-2'));
  await stage.run({ pages: '2,1' });
  expect(await stage.objects.head(excerptKey(ID, '1-2'))).toEqual(first);
  await stage.run({ pages: '2' });
  expect((await stage.excerpt('2'))?.pages.map(({ page }) => page)).toEqual([2]);
});

it('counts the pages that are wanted against the limit, not those of the document', async () => {
  const stage = await open();
  await stage.run({ pages: `${PAGES - 1}-` });
  expect((await stage.excerpt(`${PAGES - 1}-`))?.pages).toHaveLength(2);
  await stage.run({ pages: '1-' });
  expect(await stage.dead()).toEqual([
    expect.stringContaining(`too_large: "in/book.pdf": ${PAGES} pages are wanted`),
  ]);
});

it('keeps the text as the engine gave it where that is wanted, beside the artefact that everybody reads', async () => {
  const stage = await open();
  await stage.run({ pages: '1', keepOriginal: true });
  const json = await readJson(stage.objects, excerptKey(ID, '1', { keepOriginal: true }));
  const [page] = artefactSchema.parse(json).pages;
  expect(page?.original).toContain('\r\n');
  expect(page?.text).not.toContain('\r');
  expect(page?.original?.replaceAll(/\s+/g, ' ').slice(0, 40)).toBe(
    page?.text.replaceAll(/\s+/g, ' ').slice(0, 40),
  );
  await stage.run({ pages: '1' });
  expect((await stage.excerpt('1'))?.pages[0]).not.toHaveProperty('original');
});

it('says that a document has no such page, and what page ranges look like', async () => {
  const stage = await open();
  await stage.run({ pages: '400-500' });
  expect(await stage.dead()).toEqual([
    `no_such_page: "in/book.pdf": pages 400-500 are wanted, the document has ${PAGES}`,
  ]);
  await expect(stage.run({ pages: '5-3' })).rejects.toThrow(/expected pages such as "1-20, 35, 40-"/);
});
