import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import type { PageImage } from '../engine.ts';
import {
  PDF_PARSE,
  createExtractor,
  type Extracted,
  type ExtractOptions,
  type Extractor,
} from '../extract.ts';
import { drawnPages, scannedPdf } from './fixtures/scanned-pdf.ts';
import { wordF1 } from './fixtures/word-f1.ts';
import type { Ocr, OcrLimits } from './page-ocr.ts';
import { openTesseract } from './tesseract.ts';

const MIB = 1_048_576;
const DOCUMENTS = join(import.meta.dirname, '../../../../examples/documents');
const REPORT = readFileSync(join(DOCUMENTS, 'fr-compte-rendu-election.pdf'));

const plain = createExtractor({ children: 1, fallback: 'none' });
afterAll(() => plain.close());

async function opened(limits: Partial<OcrLimits> = {}, processes = 1): Promise<Ocr> {
  const ocr = await openTesseract({ limits, processes });
  onTestFinished(() => ocr.close());
  return ocr;
}

function extractorWith(ocr: Ocr): Extractor {
  const extractor = createExtractor({ children: 1, fallback: 'none', ocr });
  onTestFinished(() => extractor.close());
  return extractor;
}

async function extracted(
  extractor: Extractor,
  bytes: Uint8Array,
  options?: ExtractOptions,
): Promise<Extracted> {
  const extraction = await extractor.extract(bytes, options);
  if (extraction.kind === 'failed') throw new Error(`${extraction.code}: ${extraction.reason}`);
  return extraction;
}

async function scanOf(pdf: Uint8Array, pages: readonly number[]): Promise<Buffer> {
  return scannedPdf(await drawnPages(pdf, pages));
}

/** An image without anything on it. */
function blank(page: number): PageImage {
  return { page, width: 800, height: 600, dpi: 100, pixels: new Uint8Array(480_000).fill(255) };
}

/** A quarter to the left. */
function turned({ width, height, pixels, ...image }: PageImage): PageImage {
  const columns = Array.from({ length: width }, (_, index) => width - 1 - index);
  const rows = Array.from({ length: height }, (_, row) => row);
  return {
    ...image,
    width: height,
    height: width,
    pixels: Uint8Array.from(
      columns.flatMap((column) => rows.map((row) => pixels[row * width + column] ?? 0)),
    ),
  };
}

/** Nothing that looks like letters, and everything that looks like something. */
function noise(page: number, side: number): PageImage {
  let state = 1;
  const next = (): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) >> 16;
  const pixels = Uint8Array.from({ length: side * side }, () => ((next() & 3) === 0 ? 0 : 255));
  return { page, width: side, height: side, dpi: 300, pixels };
}

describe('a scanned document', () => {
  it.each([
    ['fr-compte-rendu-election.pdf', 'fr', [1, 2, 3]],
    ['fr-hugo-demain.pdf', 'fr', [1]],
    ['fr-la-fontaine-cigale.pdf', 'fr', [1]],
    ['en-dickens-two-cities.pdf', 'en', [1]],
    ['en-melville-moby-dick.pdf', 'en', [1]],
  ])('of %s is read with its words', async (name, language, numbers) => {
    const original = readFileSync(join(DOCUMENTS, name));
    const scan = await scanOf(original, numbers);
    const wanted = (await extracted(plain, original)).pages.map(({ text }) => text);
    const before = await extracted(plain, scan);
    expect(before).toMatchObject({ words: 0, textLayer: 'none' });
    expect(before.ocr).toBeUndefined();

    const ocr = await opened();
    const { pages, ...read } = await extracted(extractorWith(ocr), scan);
    expect(ocr.engine).toMatchObject({ name: 'tesseract', version: expect.stringMatching(/^\d/) as string });
    expect(read).toMatchObject({
      language,
      textLayer: 'none',
      engine: 'pdfium',
      ocr: { ...ocr.engine, languages: ['fra', 'eng'] },
    });
    expect(pages.map(({ page }) => page)).toEqual(numbers);
    for (const [index, page] of pages.entries()) {
      expect(wordF1(page.text, wanted[index] ?? '')).toBeGreaterThanOrEqual(0.97);
      expect(page).toMatchObject({ textLayer: 'none', ocr: { kind: 'ok' } });
      expect(page.ocr).toHaveProperty('confidence');
    }
    expect(read.words).toBe(pages.reduce((sum, { words }) => sum + words, 0));
  });

  it('is read in the languages that are asked for', async () => {
    const ocr = await opened();
    const scan = await scanOf(REPORT, [1]);
    const [wanted = ''] = (await extracted(plain, REPORT)).pages.map(({ text }) => text);
    const read = async (language: string): Promise<string> => {
      const { pages, ocr: use } = await extracted(extractorWith(ocr), scan, { ocrLanguages: [language] });
      expect(use?.languages).toEqual([language]);
      return pages[0]?.text ?? '';
    };
    // Accents are what the English data does not know.
    const accents = (text: string): number => text.match(/[éèà]/g)?.length ?? 0;
    expect(accents(await read('fra'))).toBe(accents(wanted));
    expect(accents(await read('eng'))).toBeLessThan(accents(wanted));
  });

  it('keeps the text of pages that have their own, untouched by OCR', async () => {
    const [image] = await drawnPages(REPORT, [1]);
    const mixed = scannedPdf(image === undefined ? [] : [image], ['Typed and not drawn']);
    const { pages, textLayer } = await extracted(extractorWith(await opened()), mixed);
    expect(textLayer).toBe('present');
    expect(pages[0]?.text).toContain('participation');
    expect(pages[0]?.ocr).toMatchObject({ kind: 'ok' });
    expect(pages[1]).toMatchObject({ text: 'Typed and not drawn', textLayer: 'present' });
    expect(pages[1]?.ocr).toBeUndefined();
  });

  it.each([
    ['on its side', (image: PageImage) => turned(image)],
    ['on its head', (image: PageImage) => turned(turned(image))],
  ])('is read where it stands %s', async (_, turn) => {
    const pdf = readFileSync(join(DOCUMENTS, 'en-melville-moby-dick.pdf'));
    const [image = blank(1)] = await drawnPages(pdf, [1], 150);
    const [wanted = ''] = (await extracted(plain, pdf)).pages.map(({ text }) => text);
    const { pages } = await extracted(extractorWith(await opened()), scannedPdf([turn(image)]));
    expect(wordF1(pages[0]?.text ?? '', wanted)).toBeGreaterThanOrEqual(0.95);
  });

  it('without a word on it has no confidence', async () => {
    const { pages } = await extracted(extractorWith(await opened()), scannedPdf([blank(1)]));
    expect(pages[0]).toMatchObject({ text: '', words: 0, ocr: { kind: 'ok' } });
    expect(pages[0]?.ocr).not.toHaveProperty('confidence');
  });
});

describe('a document with text', () => {
  it('costs no OCR', async () => {
    const read = await extracted(extractorWith(await opened()), REPORT);
    expect(read.ocr).toBeUndefined();
    expect(read.pages.map(({ ocr }) => ocr)).toEqual([undefined, undefined, undefined]);
  });
});

describe('a page that cannot be recognised', () => {
  it('for the time that it takes fails alone', async () => {
    const [image] = await drawnPages(REPORT, [1], 100);
    const scan = scannedPdf([noise(1, 3_000), ...(image === undefined ? [] : [image])]);
    const { pages } = await extracted(extractorWith(await opened({ pageMs: 3_000 })), scan);
    expect(pages[0]).toMatchObject({ text: '', ocr: { kind: 'failed', code: 'timed_out' } });
    expect(pages[1]).toMatchObject({ ocr: { kind: 'ok' } });
    expect(pages[1]?.text).toContain('participation');
  });

  it('for the memory that it takes is told so', async () => {
    const { pages } = await extracted(
      extractorWith(await opened({ memoryBytes: 100 * MIB })),
      await scanOf(REPORT, [1]),
    );
    expect(pages[0]).toMatchObject({ text: '', ocr: { kind: 'failed', code: 'out_of_memory' } });
  });

  it('for an engine that draws nothing is told so', async () => {
    const ocr = await opened();
    await using extractor = createExtractor({ children: 1, engine: PDF_PARSE, fallback: 'none', ocr });
    const { pages } = await extracted(extractor, scannedPdf([blank(1)]));
    expect(pages[0]).toMatchObject({ text: '', ocr: { kind: 'failed', code: 'not_drawn' } });
  });

  it('for the time of the pages before it is told so', async () => {
    const { pages } = await extracted(
      extractorWith(await opened({ documentMs: 1 })),
      scannedPdf([blank(1), blank(2)]),
    );
    expect(pages[1]?.ocr).toMatchObject({
      kind: 'failed',
      code: 'timed_out',
      reason: expect.stringContaining('The scanned pages before it') as string,
    });
  });
});

describe('a page larger than its image may be', () => {
  it('is drawn more coarsely and read', async () => {
    const scan = await scanOf(REPORT, [1]);
    const { pages } = await extracted(extractorWith(await opened({ pixels: 2_000_000 })), scan);
    expect(pages[0]?.text).toContain('participation');
  });
});

describe('recognition that is given up', () => {
  it('ends with the reason of its signal, and leaves the others their turns', async () => {
    const ocr = await opened();
    const controller = new AbortController();
    const [drawn] = await drawnPages(REPORT, [1], 100);
    const first = ocr.recognise(() => Promise.resolve(noise(1, 3_000)), {
      languages: ['fra'],
      signal: controller.signal,
    });
    const second = ocr.recognise(() => Promise.resolve(drawn ?? blank(1)), { languages: ['fra'] });
    controller.abort(new Error('lease lost'));
    await expect(first).rejects.toThrow('lease lost');
    expect(await second).toMatchObject({
      kind: 'ok',
      text: expect.stringContaining('participation') as string,
    });
  });

  it('is the extraction’s end as aborted', async () => {
    const controller = new AbortController();
    const ocr = await opened();
    const extractor = extractorWith({
      ...ocr,
      engine: ocr.engine,
      recognise: (draw, options) => {
        controller.abort(new Error('lease lost'));
        return ocr.recognise(draw, options);
      },
      missing: (languages) => ocr.missing(languages),
      close: () => ocr.close(),
      [Symbol.asyncDispose]: () => ocr.close(),
    });
    expect(await extractor.extract(scannedPdf([blank(1)]), { signal: controller.signal })).toMatchObject({
      kind: 'failed',
      code: 'aborted',
    });
  });

  it('is what closing does', async () => {
    const ocr = await opened();
    const running = ocr.recognise(() => Promise.resolve(noise(1, 3_000)), { languages: ['fra'] });
    await Promise.all([ocr.close(), ocr.close(), expect(running).rejects.toMatchObject({ code: 'closed' })]);
    await expect(
      ocr.recognise(() => Promise.resolve(blank(1)), { languages: ['fra'] }),
    ).rejects.toMatchObject({ code: 'closed' });
  });
});
