/**
 * The English Snowball stemmer ("Porter2"), after its published description as of Snowball 3.0
 * (https://snowballstem.org/algorithms/english/stemmer.html). Takes a lower-case word without apostrophes, which the
 * tokeniser removes (step 0). In the course of the work `Y` is a `y` that is no vowel.
 */
import { longestSuffix, regionStart, suffixTable, type SuffixTable } from './regions.ts';

/** A word under way, with the places where its regions start. */
interface Stemming {
  word: string;
  readonly r1: number;
  readonly r2: number;
}

const VOWELS = new Set('aeiouy');
const HAS_VOWEL = /[aeiouy]/;
const DOUBLE = /(?:bb|dd|ff|gg|mm|nn|pp|rr|tt)$/;
const MIN_CHARACTERS = 3;

const SPECIAL: ReadonlyMap<string, string> = new Map([
  ['skies', 'sky'],
  ['idly', 'idl'],
  ['gently', 'gentl'],
  ['ugly', 'ugli'],
  ['early', 'earli'],
  ['only', 'onli'],
  ['singly', 'singl'],
  ...['sky', 'news', 'howe', 'atlas', 'cosmos', 'bias', 'andes'].map((word) => [word, word] as const),
]);
const NO_PARTICIPLES = new Set(['proceed', 'exceed', 'succeed']);
const NO_GERUNDS = new Set(['inn', 'out', 'cann', 'herr', 'earr', 'even']);
/** Beginnings that would lose too much: R1 is what follows them. */
const WHOLE_BEGINNING = /^(?:gener|commun|arsen|past|univers|later)/;

/** The stem of a lower-case English word. */
export function stemEnglish(word: string): string {
  if (word.length < MIN_CHARACTERS) return word;
  const special = SPECIAL.get(word);
  if (special !== undefined) return special;
  const marked = word.replace(/^y|(?<=[aeiouy])y/g, 'Y');
  const beginning = WHOLE_BEGINNING.exec(marked)?.[0].length;
  const r1 = beginning ?? regionStart(marked, VOWELS);
  const stemming = { word: marked, r1, r2: regionStart(marked, VOWELS, r1) };
  withoutPlural(stemming);
  if (NO_PARTICIPLES.has(stemming.word)) return stemming.word;
  withoutTense(stemming);
  // Step 1c.
  stemming.word = stemming.word.replace(/(?<=.[^aeiouy])[yY]$/, 'i');
  derivation(stemming, STEP_2, stemming.r1);
  derivation(stemming, STEP_3, stemming.r1);
  derivation(stemming, STEP_4, stemming.r2);
  withoutFinal(stemming);
  return stemming.word.replaceAll('Y', 'y');
}

function replace(stemming: Stemming, suffix: string, instead: string): void {
  stemming.word = stemming.word.slice(0, stemming.word.length - suffix.length) + instead;
}

const startsAt = ({ word }: Stemming, suffix: string): number => word.length - suffix.length;

/** Step 1a. */
function withoutPlural(stemming: Stemming): void {
  const { word } = stemming;
  if (word.endsWith('sses')) replace(stemming, 'es', '');
  else if (word.endsWith('ied') || word.endsWith('ies')) {
    replace(stemming, 'ied', word.length > 4 ? 'i' : 'ie');
  } else if (word.endsWith('us') || word.endsWith('ss')) return;
  else if (word.endsWith('s') && HAS_VOWEL.test(word.slice(0, -2))) replace(stemming, 's', '');
}

const TENSES = suffixTable<'eed' | 'ed' | 'ing'>([
  ['eed eedly', 'eed'],
  ['ed edly ingly', 'ed'],
  ['ing', 'ing'],
]);

/** Step 1b. */
function withoutTense(stemming: Stemming): void {
  const found = longestSuffix(stemming.word, TENSES);
  if (found === undefined) return;
  const at = startsAt(stemming, found.suffix);
  const before = stemming.word.slice(0, at);
  if (found.action === 'eed') {
    if (at >= stemming.r1) replace(stemming, found.suffix, 'ee');
    return;
  }
  if (found.action === 'ing') {
    if (NO_GERUNDS.has(before)) return;
    if (/^[^aeiouy]y$/.test(before)) {
      stemming.word = `${before.charAt(0)}ie`;
      return;
    }
  }
  if (!HAS_VOWEL.test(before)) return;
  if (/(?:at|bl|iz)$/.test(before)) stemming.word = `${before}e`;
  else if (DOUBLE.test(before)) stemming.word = /^[aeo]..$/.test(before) ? before : before.slice(0, -1);
  else if (before.length <= stemming.r1 && endsInShortSyllable(before)) stemming.word = `${before}e`;
  else stemming.word = before;
}

/** A vowel between two other letters, the last of them none of w, x and Y; or a vowel and a letter alone; or "past". */
function endsInShortSyllable(word: string): boolean {
  return /(?:[^aeiouy][aeiouy][^aeiouywxY]|^[aeiouy][^aeiouy]|^past)$/.test(word);
}

type Derivation = string | { readonly instead: string; readonly after?: RegExp; readonly inR2?: true };

const STEP_2 = suffixTable<Derivation>([
  ['tional', 'tion'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['abli', 'able'],
  ['entli', 'ent'],
  ['izer ization', 'ize'],
  ['ational ation ator', 'ate'],
  ['alism aliti alli', 'al'],
  ['fulness fulli', 'ful'],
  ['ousli ousness', 'ous'],
  ['iveness iviti', 'ive'],
  ['biliti bli', 'ble'],
  ['ogist', 'og'],
  ['ogi', { instead: 'og', after: /l$/ }],
  ['lessli', 'less'],
  ['li', { instead: '', after: /[cdeghkmnrt]$/ }],
]);

const STEP_3 = suffixTable<Derivation>([
  ['tional', 'tion'],
  ['ational', 'ate'],
  ['alize', 'al'],
  ['icate iciti ical', 'ic'],
  ['ful ness', ''],
  ['ative', { instead: '', inR2: true }],
]);

const STEP_4 = suffixTable<Derivation>([
  ['al ance ence er ic able ible ant ement ment ent ism ate iti ous ive ize', ''],
  ['ion', { instead: '', after: /[st]$/ }],
]);

/** Steps 2 to 4: the longest suffix of the step, if it lies in the region that starts at `region`. */
function derivation(stemming: Stemming, step: SuffixTable<Derivation>, region: number): void {
  const found = longestSuffix(stemming.word, step);
  if (found === undefined) return;
  const { suffix, action } = found;
  const at = startsAt(stemming, suffix);
  if (at < region) return;
  if (typeof action === 'string') replace(stemming, suffix, action);
  else if (action.inR2 === true && at < stemming.r2) return;
  else if (action.after?.test(stemming.word.slice(0, at)) ?? true) replace(stemming, suffix, action.instead);
}

/** Step 5. */
function withoutFinal(stemming: Stemming): void {
  const { word, r1, r2 } = stemming;
  const at = word.length - 1;
  if (word.endsWith('ll') && at >= r2) replace(stemming, 'l', '');
  else if (word.endsWith('e') && (at >= r2 || (at >= r1 && !endsInShortSyllable(word.slice(0, -1)))))
    replace(stemming, 'e', '');
}
