/** Documents to index: of a folder of texts, or made by mixing the words of this project's documents and French forms. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { IndexOperation, SearchDocument } from '@longshore/search';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAX_CHARACTERS = 8_000;
const FRENCH_STARTS = `port chant fin nation indust général établ accompl précis origin util commun observ relat paramètr
  enregistr install élect modifi document fichi command répertoir systèm réseau imprim affich configur sélectionn fenêtr
  caractèr numér sécur défin dépend matéri logiciel partag utilis administr écran clavi donné cré supprim recherch`;
const FRENCH_ENDS = `e es er é ée ées ent ait aient ation ations ateur ement ements eur eurs ique iques ant ez ons ité`;
const FRENCH_SMALL = `le la les l'été de des d'un du un une et à dans pour par sur qui que ne pas est sont avec ce cette ces`;

/** A generator of numbers from 0 to 1, the same for a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Texts of a folder, cut to 8,000 characters. */
export function folderCorpus(folder: string, count: number): SearchDocument[] {
  const files = globSync('**/*.{txt,md}', { cwd: folder }).sort();
  return files.slice(0, count).map((file) => {
    const text = readFileSync(join(folder, file), 'utf8').slice(0, MAX_CHARACTERS);
    const french = text.match(/\b(?:les|des|une|est|pour|dans)\b/g)?.length ?? 0;
    return document(file, french > text.length / 200 ? 'fr' : 'en', text);
  });
}

/** Seeded documents of about 3,000 characters, every fourth in French. */
export function mixedCorpus(count: number): SearchDocument[] {
  const random = seeded(1);
  const english = globSync(['README.md', 'docs/**/*.md'], { cwd: ROOT })
    .sort()
    .flatMap((file) => readFileSync(join(ROOT, file), 'utf8').split(/\s+/));
  const ends = FRENCH_ENDS.split(' ');
  const french = FRENCH_STARTS.split(/\s+/).flatMap((start) => ends.map((end) => start + end));
  const small = FRENCH_SMALL.split(' ');
  return Array.from({ length: count }, (_, at) => {
    const isFrench = at % 4 === 0;
    const words = Array.from({ length: 250 + Math.floor(random() * 500) }, () => {
      if (!isFrench) return english[Math.floor(random() * english.length)] ?? '';
      const from = random() < 0.4 ? small : french;
      // Frequent words are frequent.
      return from[Math.floor(random() ** 2 * from.length)] ?? '';
    });
    return document(`document-${at}`, isFrench ? 'fr' : 'en', words.join(' '));
  });
}

function document(id: string, language: string, text: string): SearchDocument {
  return {
    id,
    revision: 1,
    title: id,
    language,
    source: id,
    pages: [{ page: 1, text: text.replaceAll('\0', ' ') }],
  };
}

/** Batches of operations. */
export function batchesOf(documents: readonly SearchDocument[], size: number): IndexOperation[][] {
  const batches: IndexOperation[][] = [];
  for (let from = 0; from < documents.length; from += size)
    batches.push(documents.slice(from, from + size).map((each) => ({ kind: 'put', document: each })));
  return batches;
}
