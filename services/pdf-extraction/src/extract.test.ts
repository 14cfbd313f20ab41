import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { PDFIUM, PDF_PARSE, createExtractor, type Extracted, type Extractor } from './extract.ts';
import { SCRIPTED, scripted } from './sandbox/fixtures/scripted.ts';

const DOCUMENTS = join(import.meta.dirname, '../../../examples/documents');

function sample(name: string): Buffer {
  return readFileSync(join(DOCUMENTS, name));
}

async function extracted(extractor: Extractor, bytes: Uint8Array): Promise<Extracted> {
  const extraction = await extractor.extract(bytes);
  if (extraction.kind === 'failed') throw new Error(`${extraction.code}: ${extraction.reason}`);
  return extraction;
}

/** A page of digits, with a language in its catalog. */
function pdfThatSays(language: string): Buffer {
  const content = 'BT /F 12 Tf 20 100 Td (1234 5678) Tj ET';
  const objects = [
    `<< /Type /Catalog /Pages 2 0 R /Lang (${language}) >>`,
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>',
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  const body = objects.map((object, index) => `${index + 1} 0 obj\n${object}\nendobj\n`).join('');
  return Buffer.from(`%PDF-1.7\n${body}trailer\n<< /Root 1 0 R /Size 6 >>\n%%EOF\n`, 'latin1');
}

const engines = [
  ['pdfium', createExtractor({ children: 1, engine: PDFIUM })],
  ['pdf-parse', createExtractor({ children: 1, engine: PDF_PARSE })],
] as const;
afterAll(() => Promise.all(engines.map(([, extractor]) => extractor.close())));

describe.each(engines)('%s in its sandbox', (name, extractor) => {
  it('reads text, metadata and outline', async () => {
    const report = await extracted(extractor, sample('fr-compte-rendu-election.pdf'));
    expect(report).toMatchObject({
      engine: name,
      isFallback: false,
      language: 'fr',
      textLayer: 'present',
      head: { pageCount: 3 },
    });
    expect(report.head.metadata).toMatchObject({
      title: "Compte rendu de l'élection municipale",
      author: 'Secrétariat de la mairie',
    });
    expect(report.head.outline.map(({ page }) => page)).toEqual([1, 2, 3]);
    expect(report.pages.map(({ page }) => page)).toEqual([1, 2, 3]);
    expect(report.pages[0]?.text).toContain('élection');
    expect(report.words).toBeGreaterThan(100);
  });

  it.each([
    ['ja-soseki-wagahai.pdf', 'ja', '吾輩は猫である'],
    ['ru-pushkin-mgnovenye.pdf', 'ru', 'чудное мгновенье'],
    ['el-homer-odyssey.pdf', 'el', 'πολύτροπον'],
    ['de-goethe-erlkoenig.pdf', 'de', 'Wer reitet so spät'],
    ['es-cervantes-quijote.pdf', 'es', 'la Mancha'],
  ])('reads %s as %s', async (file, language, words) => {
    const document = await extracted(extractor, sample(file));
    expect(document.language).toBe(language);
    expect(document.pages[0]?.text).toContain(words);
  });

  it.each([
    ['sv-se', 'sv-SE', 'sv'],
    ['fil', 'fil', 'und'],
    ['no language at all', undefined, 'und'],
  ])('takes "%s" for the language where no word tells it', async (said, tag, language) => {
    const document = await extracted(extractor, pdfThatSays(said));
    expect([document.head.metadata.language, document.language]).toEqual([tag, language]);
    expect(document.pages[0]?.text).toBe('1234 5678');
  });

  it('reads the values of a form', async () => {
    const { pages } = await extracted(extractor, sample('form-registration.pdf'));
    expect(pages[0]?.fields.map(({ value }) => value)).toContain('Ada Lovelace');
    expect(pages[0]?.text).toContain('Ada Lovelace');
  });

  it('tells a scanned page from one with text', async () => {
    expect(await extracted(extractor, sample('scanned-letter.pdf'))).toMatchObject({
      textLayer: 'none',
      words: 0,
      pages: [{ text: '', textLayer: 'none' }],
    });
  });

  it('refuses damaged and encrypted documents, and what is no PDF', async () => {
    expect(await extractor.extract(sample('damaged-invoice.pdf'))).toMatchObject({
      kind: 'failed',
      code: 'corrupt',
    });
    expect(await extractor.extract(sample('encrypted-contract.pdf'))).toMatchObject({
      kind: 'failed',
      code: 'encrypted',
      reason: /needs a password/,
    });
    expect(await extractor.extract(sample('encrypted-contract.pdf'), { password: 'wrong' })).toMatchObject({
      kind: 'failed',
      code: 'encrypted',
      reason: /wrong/,
    });
    for (const bytes of [Buffer.of(), Buffer.from('GIF89a'), Buffer.alloc(100_000)]) {
      expect(await extractor.extract(bytes)).toMatchObject({ kind: 'failed', code: 'corrupt' });
    }
  });

  it('says its version as it is installed', async () => {
    const { engine, engineVersion } = await extracted(extractor, sample('nl-multatuli-havelaar.pdf'));
    const packageName = engine === 'pdfium' ? '@embedpdf/pdfium' : 'pdf-parse';
    const folder = `node_modules/${packageName}/`;
    const entry = createRequire(import.meta.url).resolve(packageName);
    const manifest: unknown = JSON.parse(
      readFileSync(join(entry.slice(0, entry.lastIndexOf(folder) + folder.length), 'package.json'), 'utf8'),
    );
    expect(manifest).toMatchObject({ version: engineVersion });
  });
});

describe('an extractor', () => {
  const fallbackText = scripted({ pages: [''] });

  function open(engine = SCRIPTED, fallback = PDFIUM): Extractor {
    const extractor = createExtractor({ children: 1, engine, fallback });
    onTestFinished(() => extractor.close());
    return extractor;
  }

  it('asks the fallback engine about a document that the default engine refuses', async () => {
    // The scripted engine takes no PDFs; it fails on them as on a bug of its own, so it is told to refuse first.
    const refusing = open(SCRIPTED, SCRIPTED);
    expect(await refusing.extract(scripted({ steps: [{ do: 'refuse', code: 'corrupt' }] }))).toMatchObject({
      kind: 'failed',
      code: 'corrupt',
    });
    const corrupt = open(PDFIUM, SCRIPTED);
    expect(await corrupt.extract(scripted({ pages: ['saved'] }))).toMatchObject({
      kind: 'ok',
      engine: 'scripted',
      isFallback: true,
      pages: [{ text: 'saved' }],
    });
  });

  it('keeps the default engine’s result when the fallback finds no more', async () => {
    expect(await open(SCRIPTED, PDFIUM).extract(fallbackText)).toMatchObject({
      kind: 'ok',
      engine: 'scripted',
      isFallback: false,
      textLayer: 'empty',
    });
  });

  it('does not give a document that crashed one engine to the other', async () => {
    expect(await open(SCRIPTED, SCRIPTED).extract(scripted({ steps: [{ do: 'abort' }] }))).toMatchObject({
      kind: 'failed',
      code: 'engine_crashed',
    });
  });

  it('reports an abort as such', async () => {
    const controller = new AbortController();
    const extraction = open().extract(scripted({ steps: [{ do: 'spin' }] }), { signal: controller.signal });
    controller.abort(new Error('enough'));
    expect(await extraction).toMatchObject({ kind: 'failed', code: 'aborted' });
  });
});
