/**
 * From words to index terms. Stem first, then fold the accents: the other order tears forms apart (installée, installé).
 * A query takes both the stem of the word as typed and the stem of its unaccented form, since people leave accents out.
 */
import { stemEnglish } from './english.ts';
import { stemFrench } from './french.ts';
import { foldAccents } from './tokens.ts';

const CACHE_SIZE = 50_000;
const caches = { fr: new Map<string, string>(), en: new Map<string, string>() };

/** The index term of a word in a language; other languages than French and English are folded only. */
export function termOf(word: string, language: string): string {
  if (language === 'fr') return cached(word, caches.fr, (each) => stemFrench(restoredParticiple(each)));
  if (language === 'en') return cached(word, caches.en, stemEnglish);
  return foldAccents(word);
}

/**
 * The index terms that a typed word may stand for, whatever the document's language, always in this order: folded, French,
 * English, French and English of the folded word, French with the accents that its ending may have lost. Some may be equal.
 */
export function queryTerms(word: string): string[] {
  const folded = foldAccents(word);
  const accented = [folded.replace(/(?<=..)e(?=s?$)/, 'é'), folded.replace(/e(?=rent$|res?$)/, 'è')];
  return [
    folded,
    termOf(word, 'fr'),
    termOf(word, 'en'),
    termOf(folded, 'fr'),
    termOf(folded, 'en'),
    ...accented.map((each) => termOf(each, 'fr')),
  ];
}

/** No French word ends in a plain "ee": its accent is missing, as in capitals (INSTALLEE). */
function restoredParticiple(word: string): string {
  return word.replace(/(?<=..)ee(?=s?$)/, 'ée');
}

// Pure memory of a pure function; words repeat (Zipf), so it saves nine tenths of the work.
function cached(word: string, cache: Map<string, string>, stem: (word: string) => string): string {
  let term = cache.get(word);
  if (term === undefined) {
    term = foldAccents(stem(word));
    if (cache.size >= CACHE_SIZE) cache.clear();
    cache.set(word, term);
  }
  return term;
}
