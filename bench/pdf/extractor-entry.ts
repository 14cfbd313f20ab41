/** The extractor as the worker has it: sandboxed children, limits, the fallback. */
import { readFile } from 'node:fs/promises';
import { createExtractor, type SandboxEngine } from '@longshore/service-pdf-extraction';
import { serve } from './serve.ts';

/** Settings of the process. */
export interface ExtractorSettings {
  readonly children: number;
  /** Default PDFium. */
  readonly engine?: SandboxEngine;
  /** Default pdf-parse. */
  readonly fallback?: 'none';
}

const [settings = '{}'] = process.argv.slice(2);
const extractor = createExtractor(JSON.parse(settings) as ExtractorSettings);
await extractor.warmUp();

serve(async (file, keepText) => {
  const bytes = await readFile(file);
  const startMs = performance.now();
  let firstPageMs: number | undefined;
  const onPage = (): void => {
    firstPageMs ??= performance.now() - startMs;
  };
  const extraction = await extractor.extract(bytes, { onPage });
  if (extraction.kind === 'failed') return { failure: extraction.code, pagesExpected: 0, pages: 0 };
  const { head, pages } = extraction;
  return {
    pagesExpected: head.pageCount,
    pages: pages.length,
    ...(firstPageMs === undefined ? {} : { firstPageMs }),
    ...(keepText ? { text: pages.map(({ text }) => text).join('\n') } : {}),
  };
});
