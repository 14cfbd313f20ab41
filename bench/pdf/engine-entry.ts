/** An engine of the extractor without its sandbox: the same work on each page, in one process. */
import { readFile } from 'node:fs/promises';
import { preparePage, type EngineModule, type SandboxEngine } from '@longshore/service-pdf-extraction';
import { serve } from './serve.ts';

const [settings = '{}'] = process.argv.slice(2);
const { engine: place } = JSON.parse(settings) as { readonly engine: SandboxEngine };
const engine = await ((await import(place.moduleUrl)) as EngineModule).createEngine('');

serve(async (file, keepText) => {
  const document = await engine.open(await readFile(file));
  const texts: string[] = [];
  for await (const page of document.pages()) texts.push(preparePage(page).text);
  const pagesExpected = document.head.pageCount;
  await document.close();
  return { pagesExpected, pages: texts.length, ...(keepText ? { text: texts.join('\n') } : {}) };
});
