import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { createExtractor, type Extracted, type Extractor } from '../extract.ts';
import { drawnPages, scannedPdf } from './fixtures/scanned-pdf.ts';
import type { OcrLimits } from './page-ocr.ts';
import { openTesseract } from './tesseract.ts';

const DOCUMENTS = join(import.meta.dirname, '../../../../examples/documents');

const plain = createExtractor({ children: 1, fallback: 'none' });
afterAll(() => plain.close());

async function withOcr(limits: Partial<OcrLimits> = {}): Promise<Extractor> {
  const extractor = createExtractor({ children: 1, fallback: 'none', ocr: await openTesseract({ limits }) });
  onTestFinished(() => extractor.close());
  return extractor;
}

async function extracted(
  extractor: Extractor,
  bytes: Uint8Array,
  ocrLanguages?: readonly string[],
): Promise<Extracted> {
  const extraction = await extractor.extract(bytes, ocrLanguages === undefined ? {} : { ocrLanguages });
  if (extraction.kind === 'failed') throw new Error(`${extraction.code}: ${extraction.reason}`);
  return extraction;
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Twice what both have over all that either has. */
function wordF1(found: string, wanted: string): number {
  const rest = new Map<string, number>();
  for (const word of wordsOf(wanted)) rest.set(word, (rest.get(word) ?? 0) + 1);
  let common = 0;
  for (const word of wordsOf(found)) {
    const left = rest.get(word) ?? 0;
    if (left > 0) common += 1;
    rest.set(word, left - 1);
  }
  return (2 * common) / (wordsOf(found).length + wordsOf(wanted).length);
}

describe('a scanned document', () => {
  it.each([
    ['fr-compte-rendu-election.pdf', 'fr', [1, 2, 3]],
    ['fr-hugo-demain.pdf', 'fr', [1]],
    ['en-dickens-two-cities.pdf', 'en', [1]],
    ['en-melville-moby-dick.pdf', 'en', [1]],
  ])('of %s is read with its words', async (name, language, numbers) => {
    const original = readFileSync(join(DOCUMENTS, name));
    const scan = scannedPdf(await drawnPages(original, numbers));
    const wanted = (await extracted(plain, original)).pages.map(({ text }) => text);
    const before = await extracted(plain, scan);
    expect(before).toMatchObject({ words: 0, textLayer: 'none' });
    expect(before.ocr).toBeUndefined();

    const { pages, ocr, ...read } = await extracted(await withOcr(), scan);
    expect(read).toMatchObject({ language, textLayer: 'none', engine: 'pdfium' });
    expect(ocr).toEqual({
      name: 'tesseract',
      version: expect.stringMatching(/^[4-9]\./),
      languages: ['fra', 'eng'],
    });
    expect(pages.map(({ page }) => page)).toEqual(numbers);
    for (const [index, { text, ocr: result }] of pages.entries()) {
      expect(wordF1(text, wanted[index] ?? '')).toBeGreaterThanOrEqual(0.97);
      expect(result).toMatchObject({ kind: 'ok', confidence: expect.any(Number) });
      if (result?.kind === 'ok') expect(result.confidence).toBeGreaterThan(0.85);
    }
    expect(read.words).toBe(pages.reduce((sum, { words }) => sum + words, 0));
  });
});
