/**
 * How well a text that runs from right to left was put together. Engines differ most here: they turn words around, tear
 * them apart at vowel marks, or take letters for Latin ones where a font says nothing better. Pure.
 */

/** Arabic and Hebrew with their presentation forms; quick, because every page is asked. */
const ANY = /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC]/;
const LETTER = /[\p{Script=Arabic}\p{Script=Hebrew}]/u;
const WORD = /[\p{L}\p{M}\p{N}]+/gu;
const MARK = /\p{M}/gu;
/** Vowel marks stand on letters: no word begins with one. */
const BEGINS_WITH_MARK = /^\p{M}/u;
const ANY_LETTER = /\p{L}/u;
const LATIN = /\p{Script=Latin}/u;

/** Commonest words of Persian, Arabic and Hebrew that are no words when turned around. */
const COMMON = new Set(
  'از که این است برای آن هر یا شود من في على الى إلى عن هذا هذه التي الذي כי של הוא עם זה'.split(' '),
);
const TURNED = new Set([...COMMON].map(turned).filter((word) => !COMMON.has(word)));
/** The Arabic article begins words. */
const ARTICLE = 'ال';
const TURNED_ARTICLE = turned(ARTICLE);
const MIN_WORD_WITH_ARTICLE = 5;

/** Enough to judge by, in UTF-16 units. */
const SAMPLE_LENGTH = 20_000;
/** Fewer words say nothing. */
const MIN_WORDS = 10;

/**
 * Faults for each word: words that begin with a vowel mark, are mixed with Latin letters, are single letters, or are turned
 * around. 0.1 is usual in sound text, from 0.25 on something is wrong. `undefined` when less than half of the words are of
 * such a script, or too few.
 */
export function rightToLeftFaults(text: string): number | undefined {
  if (!ANY.test(text)) return undefined;
  const words = text.slice(0, SAMPLE_LENGTH).normalize('NFKC').match(WORD) ?? [];
  const own = words.filter((word) => LETTER.test(word));
  if (own.length < Math.max(MIN_WORDS, words.filter((word) => ANY_LETTER.test(word)).length / 2))
    return undefined;
  const torn = words.filter((word) => BEGINS_WITH_MARK.test(word)).length;
  return (torn + own.reduce((sum, word) => sum + faultsOf(word), 0)) / own.length;
}

function faultsOf(word: string): number {
  const letters = word.replace(MARK, '');
  const isTurned =
    TURNED.has(letters) || (letters.length >= MIN_WORD_WITH_ARTICLE && letters.endsWith(TURNED_ARTICLE));
  return Number(LATIN.test(letters)) + Number(letters.length === 1) + Number(isTurned);
}

function turned(word: string): string {
  return [...word].toReversed().join('');
}
