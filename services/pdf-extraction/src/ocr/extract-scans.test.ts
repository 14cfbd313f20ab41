import { memoryObjectStore } from '@longshore/objects/memory';
import { readJson } from '@longshore/objects';
import { createProducer, listDeadLetters } from '@longshore/queue';
import { memoryQueue } from '@longshore/queue/memory';
import { createWorker, jsonLog } from '@longshore/worker';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { artefactSchema, type Artefact } from '../artefact.ts';
import {
  artefactKey,
  createExtractor,
  extractPdf,
  extractionHandlers,
  openTesseract,
  sha256,
} from '../index.ts';
import type { ExtractPdf, Extractor } from '../index.ts';
import { followUp, type DocumentEvent } from '../document-event.ts';
import { defineJob } from '@longshore/job';
import { z } from 'zod';
import { drawnPages, scannedPdf } from './fixtures/scanned-pdf.ts';

const REPORT = readFileSync(
  join(import.meta.dirname, '../../../../examples/documents/fr-compte-rendu-election.pdf'),
);

let scan: Buffer;
beforeAll(async () => {
  scan = scannedPdf(await drawnPages(REPORT, [1]));
});

const tell = defineJob({ name: 'tell', schema: z.custom<DocumentEvent>() });

/** Workers on the same store, with extractors that count. */
async function open() {
  const objects = memoryObjectStore();
  await objects.put('in/scan.pdf', scan);
  await objects.put('in/report.pdf', REPORT);
  const deadLetters = memoryQueue({ name: 'pdf-dlq' });
  const queue = memoryQueue({ name: 'pdf', deadLetters });
  const others = memoryQueue({ name: 'others' });
  const producer = createProducer({ queueFor: (name) => (name === 'extract-pdf' ? queue : others) });
  const events: DocumentEvent[] = [];
  const nowMs = Date.UTC(2026, 0);
  let extractions = 0;
  const run = async (job: Partial<ExtractPdf>, extractor: Extractor): Promise<void> => {
    const worker = createWorker({
      queue,
      objects,
      producer,
      handlers: extractionHandlers({
        extractor: { ...extractor, extract: (...call) => ((extractions += 1), extractor.extract(...call)) },
        followUps: [
          {
            ...followUp(tell, (event) => event),
            enqueue: (_, event) => Promise.resolve(void events.push(event)),
          },
        ],
        // Two recognitions of the same second, too, are told apart.
        clock: { nowMs: () => nowMs },
      }),
      log: jsonLog({ level: 'silent' }),
    });
    await producer.enqueue(extractPdf, { key: 'in/scan.pdf', ...job });
    await worker.tick();
  };
  return {
    objects,
    run,
    events,
    extractions: () => extractions,
    artefact: async (key: string): Promise<Artefact> => artefactSchema.parse(await readJson(objects, key)),
    dead: () => listDeadLetters(deadLetters, { limit: 10 }),
  };
}

async function extractor(hasOcr: boolean): Promise<Extractor> {
  const made = createExtractor({
    children: 1,
    fallback: 'none',
    ...(hasOcr ? { ocr: await openTesseract() } : {}),
  });
  onTestFinished(() => made.close());
  return made;
}

it('recognises a scan once OCR is on, once for the same program and languages, and the index takes the newer text', async () => {
  const stage = await open();
  const id = sha256(scan);
  const [without, withOcr] = [await extractor(false), await extractor(true)];
  await stage.run({}, without);
  expect((await stage.artefact(artefactKey(id))).pages[0]).toEqual({ page: 1, text: '', textLayer: 'none' });

  await stage.run({}, withOcr);
  await stage.run({}, withOcr);
  await stage.run({ ocr: { languages: ['fra'] } }, withOcr);
  await stage.run({ ocr: { languages: ['fra'] } }, withOcr);
  expect(stage.extractions()).toBe(3);

  const [before, both, again, french, frenchAgain] = stage.events;
  const keys = stage.events.map((event) => event.artefactKey ?? '');
  expect(keys).toEqual(stage.events.map(({ revision }) => artefactKey(id, revision)));
  expect(both?.revision).toBeGreaterThan(before?.revision ?? Infinity);
  expect(french?.revision).toBeGreaterThan(both?.revision ?? Infinity);
  expect([again?.revision, frenchAgain?.revision]).toEqual([both?.revision, french?.revision]);

  const { pages, extractor: made, language } = await stage.artefact(keys[1] ?? '');
  expect(made.ocr).toMatchObject({ name: 'tesseract', languages: ['fra', 'eng'] });
  expect(pages[0]).toMatchObject({ source: 'ocr', textLayer: 'none' });
  expect(pages[0]?.confidence).toBeGreaterThan(0.85);
  expect(pages[0]?.text).toContain('La participation a atteint soixante-deux pour cent');
  expect(language).toBe('fr');
});

it('recognises again what somebody has deleted', async () => {
  const stage = await open();
  const withOcr = await extractor(true);
  await stage.run({}, withOcr);
  await stage.objects.delete(stage.events[0]?.artefactKey ?? '');
  await stage.run({}, withOcr);
  expect(stage.extractions()).toBe(2);
  expect((await stage.artefact(stage.events[1]?.artefactKey ?? '')).pages[0]?.source).toBe('ocr');
});

it('tells readers of the store the same revisions as the events', async () => {
  const stage = await open();
  await stage.run({}, await extractor(false));
  await stage.run({}, await extractor(true));
  const stored: string[] = [];
  for await (const { key } of stage.objects.list('extractions/')) stored.push(key);
  // What rebuilds an index or a warehouse from the store knows a revision by its key alone.
  expect(stored).toEqual(
    stage.events.map(({ documentId, revision }) => `extractions/${revision}/${documentId}.json`),
  );
});

it('leaves documents with text as they are', async () => {
  const stage = await open();
  await stage.run({ key: 'in/report.pdf' }, await extractor(false));
  await stage.run({ key: 'in/report.pdf' }, await extractor(true));
  expect(stage.extractions()).toBe(1);
  expect(stage.events.map(({ artefactKey: key, revision }) => [key, revision])).toEqual([
    [artefactKey(sha256(REPORT)), stage.events[0]?.revision],
    [artefactKey(sha256(REPORT)), stage.events[0]?.revision],
  ]);
});

it('buries jobs that want OCR where it is off, or languages that are not there', async () => {
  const stage = await open();
  await stage.run({ ocr: { languages: ['fra'] } }, await extractor(false));
  await stage.run({ ocr: { languages: ['tlh'] } }, await extractor(true));
  expect((await stage.dead()).map(({ code, reason }) => [code, reason])).toEqual([
    ['unsupported', expect.stringContaining('set LONGSHORE_OCR=scanned')],
    ['unsupported', expect.stringContaining('no OCR data for tlh')],
  ]);
  expect(stage.events).toEqual([]);
});

it.each([
  { languages: [] },
  { languages: ['../fra'] },
  { languages: ['fra'], dpi: 300 },
  { languages: 'fra' },
  {},
])('takes no payload with ocr %j', (ocr) => {
  expect(extractPdf.schema['~standard'].validate({ key: 'a.pdf', ocr })).toHaveProperty('issues');
});
