import { createExtractor, type Extraction, type Extractor } from '@longshore/service-pdf-extraction';
import { afterAll, describe, expect, it } from 'vitest';
import {
  bombPdf,
  greedyPdf,
  manyPagesPdf,
  outlineLoopPdf,
  pageTreeLoopPdf,
  selfDrawingPdf,
  slowPdf,
} from './hostile.ts';
import { samples } from './make-samples.ts';

const MIB = 1_048_576;
const good = samples().get('en-dickens-two-cities.pdf') ?? Buffer.of();
const extractor: Extractor = createExtractor({
  children: 2,
  limits: { pageMs: 6_000, memoryBytes: 400 * MIB },
});
afterAll(() => extractor.close());

function reasonOf(extraction: Extraction): string {
  return extraction.kind === 'failed' ? extraction.reason : '';
}

describe('a document that', { timeout: 90_000 }, () => {
  it.each([
    ['draws itself', selfDrawingPdf, 'out_of_memory', /more than 400 MiB/],
    ['draws ten thousand million times', greedyPdf, 'out_of_memory', /more than 400 MiB/],
    ['unpacks to a gigabyte', () => bombPdf(1_024), 'out_of_memory', /memory/],
    ['draws for ever', slowPdf, 'timed_out', /No page within 6 s of processor time, 0 of 1 pages done/],
    [
      'says that it has a million pages',
      () => manyPagesPdf(1_000_000),
      'too_large',
      /1000000 pages are wanted .* at most 50000/,
    ],
    ['has a page tree without an end', pageTreeLoopPdf, 'corrupt', /no page that can be read|damaged/],
  ])('%s ends as what it is while its neighbour is read', async (_name, make, code, reason) => {
    const [bad, neighbour] = await Promise.all([extractor.extract(make()), extractor.extract(good)]);
    expect(bad).toMatchObject({ kind: 'failed', code });
    expect(reasonOf(bad)).toMatch(reason);
    expect(neighbour).toMatchObject({ kind: 'ok', language: 'en' });
  });

  it('has an outline without an end is read, each entry once', async () => {
    const extraction = await extractor.extract(outlineLoopPdf());
    expect(extraction).toMatchObject({
      kind: 'ok',
      head: { outline: [{ title: 'One', children: [{ title: 'Two' }] }] },
    });
  });

  it('lacks pages that it says it has is read, and the missing ones are told', async () => {
    const extraction = await extractor.extract(manyPagesPdf(7));
    expect(extraction).toMatchObject({ kind: 'ok', head: { pageCount: 7 } });
    expect(extraction.kind === 'ok' && extraction.pages.length).toBe(1);
  });
});
