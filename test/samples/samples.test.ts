import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createExtractor, type Extractor } from '@longshore/service-pdf-extraction';
import { afterAll, describe, expect, it } from 'vitest';
import { SAMPLE_PASSWORD, samples } from './make-samples.ts';

const FOLDER = fileURLToPath(new URL('../../examples/documents/', import.meta.url));

describe('the sample documents', () => {
  const extractor: Extractor = createExtractor({ children: 2 });
  afterAll(() => extractor.close());

  it('are what the script writes, byte by byte', async () => {
    const made = samples();
    expect((await readdir(FOLDER)).sort()).toEqual([...made.keys()].sort());
    for (const [name, bytes] of made)
      expect(bytes.equals(await readFile(join(FOLDER, name))), name).toBe(true);
  });

  it('are extracted in their languages, with metadata and outline', async () => {
    const words: Record<string, string> = {
      'fr-compte-rendu-election.pdf': 'Œuvre commune',
      'de-goethe-erlkoenig.pdf': 'Erlkönig',
      'ru-pushkin-mgnovenye.pdf': 'чудное мгновенье',
      'ja-soseki-wagahai.pdf': '吾輩は猫である',
      'el-homer-odyssey.pdf': 'πολύτροπον',
      'pt-camoes-lusiadas.pdf': 'assinalados',
    };
    for (const [name, word] of Object.entries(words)) {
      const extraction = await extractor.extract(samples().get(name) ?? Buffer.of());
      expect(
        extraction.kind === 'ok' && extraction.pages.map((page) => page.text).join('\n'),
        name,
      ).toContain(word);
    }
    const report = await extractor.extract(samples().get('fr-compte-rendu-election.pdf') ?? Buffer.of());
    expect(report).toMatchObject({
      engine: 'pdfium',
      head: {
        pageCount: 3,
        metadata: { title: "Compte rendu de l'élection municipale" },
        outline: [{ page: 1 }, { page: 2 }, { title: 'Annexe', page: 3 }],
      },
    });
  });

  it('hold one that is damaged, one that is encrypted, and one that is scanned', async () => {
    const extract = (name: string, password?: string) =>
      extractor.extract(samples().get(name) ?? Buffer.of(), password === undefined ? {} : { password });
    expect(await extract('damaged-invoice.pdf')).toMatchObject({ kind: 'failed', code: 'corrupt' });
    expect(await extract('encrypted-contract.pdf')).toMatchObject({ kind: 'failed', code: 'encrypted' });
    expect(await extract('encrypted-contract.pdf', SAMPLE_PASSWORD)).toMatchObject({
      kind: 'ok',
      pages: [{ text: expect.stringContaining('password') as string }],
    });
    expect(await extract('scanned-letter.pdf')).toMatchObject({
      kind: 'ok',
      pages: [{ text: '', textLayer: 'none' }],
    });
  });
});
