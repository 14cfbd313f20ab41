/**
 * The French Snowball stemmer, after its published description (https://snowballstem.org/algorithms/french/stemmer.html).
 *
 * Takes a lower-case word with its accents; folding them first would tear families apart. In the course of the work `I`, `U`
 * and `Y` are letters that are no vowels here, and `H` precedes a vowel that had a diaeresis.
 */
import { longestSuffix, regionStart, suffixTable } from './regions.ts';

/** A word under way, with the places where its regions start. */
interface Stemming {
  word: string;
  readonly rv: number;
  readonly r1: number;
  readonly r2: number;
}

const VOWELS = new Set('aeiouyâàëéêèïîôûù');

/** The stem of a lower-case French word; its accents may stay. */
export function stemFrench(word: string): string {
  const marked = marking(word);
  const r1 = regionStart(marked, VOWELS);
  const stemming = { word: marked, rv: startOfRv(marked), r1, r2: regionStart(marked, VOWELS, r1) };
  const isAltered = standardSuffix(stemming) || verbSuffixInI(stemming) || verbSuffix(stemming);
  if (isAltered) stemming.word = stemming.word.replace(/Y$/, 'i').replace(/ç$/, 'c');
  else residualSuffix(stemming);
  return unmarking(withoutLastAccent(withoutDouble(stemming.word)));
}

/** Letters in turn: `u` and `i` between vowels, `y` beside one and `u` after `q` count as consonants. */
function marking(word: string): string {
  let marked = '';
  for (let at = 0; at < word.length; at += 1) {
    const letter = word.charAt(at);
    const afterVowel = VOWELS.has(marked.at(-1) ?? '');
    const beforeVowel = VOWELS.has(word.charAt(at + 1));
    const isBetween = afterVowel && beforeVowel;
    if (letter === 'u' && (isBetween || marked.endsWith('q'))) marked += 'U';
    else if (letter === 'i' && isBetween) marked += 'I';
    else if (letter === 'y' && (afterVowel || beforeVowel)) marked += 'Y';
    else if (letter === 'ë') marked += 'He';
    else if (letter === 'ï') marked += 'Hi';
    else marked += letter;
  }
  return marked;
}

function unmarking(word: string): string {
  if (!/[HIUY]/.test(word)) return word;
  return word.replaceAll('He', 'ë').replaceAll('Hi', 'ï').replaceAll('H', '').toLowerCase();
}

/** RV: after the third letter where two vowels begin the word or it begins like "par", else after the next vowel. */
function startOfRv(word: string): number {
  const beginsWithVowels = VOWELS.has(word.charAt(0)) && VOWELS.has(word.charAt(1));
  if (beginsWithVowels || /^(?:par|col|tap)/.test(word)) return Math.min(3, word.length);
  for (let at = 1; at < word.length; at += 1) if (VOWELS.has(word.charAt(at))) return at + 1;
  return word.length;
}

type Step = (stemming: Stemming, suffix: string) => boolean;

const endsIn = ({ word }: Stemming, suffix: string, from: number): boolean =>
  word.endsWith(suffix) && word.length - suffix.length >= from;

/** Replaces a suffix if it lies in the region that starts at `from`. */
function replace(stemming: Stemming, suffix: string, instead: string, from: number): boolean {
  if (!endsIn(stemming, suffix, from)) return false;
  stemming.word = stemming.word.slice(0, stemming.word.length - suffix.length) + instead;
  return true;
}

/** Deletes what precedes if it lies in R2; where it does not, puts `otherwise` in its place. */
function deletePreceding(stemming: Stemming, suffix: string, otherwise: string): boolean {
  if (!stemming.word.endsWith(suffix)) return false;
  return replace(stemming, suffix, '', stemming.r2) || replace(stemming, suffix, otherwise, 0);
}

const deleteInR2: Step = (stemming, suffix) => replace(stemming, suffix, '', stemming.r2);
const replaceInR2 =
  (instead: string): Step =>
  (stemming, suffix) =>
    replace(stemming, suffix, instead, stemming.r2);

const ation: Step = (stemming, suffix) => {
  if (!deleteInR2(stemming, suffix)) return false;
  deletePreceding(stemming, 'ic', 'iqU');
  return true;
};

const ement: Step = (stemming, suffix) => {
  if (!replace(stemming, suffix, '', stemming.rv)) return false;
  const { word, r1, r2, rv } = stemming;
  if (word.endsWith('iv')) {
    if (replace(stemming, 'iv', '', r2)) replace(stemming, 'at', '', r2);
  } else if (word.endsWith('eus')) {
    if (!replace(stemming, 'eus', '', r2)) replace(stemming, 'eus', 'eux', r1);
  } else if (word.endsWith('abl') || word.endsWith('iqU')) {
    replace(stemming, word.slice(-3), '', r2);
  } else if (word.endsWith('ièr') || word.endsWith('Ièr')) {
    replace(stemming, word.slice(-3), 'i', rv);
  }
  return true;
};

const ite: Step = (stemming, suffix) => {
  if (!deleteInR2(stemming, suffix)) return false;
  if (deletePreceding(stemming, 'abil', 'abl') || deletePreceding(stemming, 'ic', 'iqU')) return true;
  replace(stemming, 'iv', '', stemming.r2);
  return true;
};

const adjective: Step = (stemming, suffix) => {
  if (!deleteInR2(stemming, suffix)) return false;
  if (replace(stemming, 'at', '', stemming.r2)) deletePreceding(stemming, 'ic', 'iqU');
  return true;
};

const euse: Step = (stemming, suffix) =>
  replace(stemming, suffix, '', stemming.r2) || replace(stemming, suffix, 'eux', stemming.r1);

const issement: Step = (stemming, suffix) => {
  if (VOWELS.has(stemming.word.charAt(stemming.word.length - suffix.length - 1))) return false;
  return replace(stemming, suffix, '', stemming.r1);
};

/** The adverbs: what they lose is taken, but the verb suffixes are still looked for. */
const amment =
  (instead: string): Step =>
  (stemming, suffix) => {
    replace(stemming, suffix, instead, stemming.rv);
    return false;
  };
const ment: Step = (stemming, suffix) => {
  const before = stemming.word.length - suffix.length - 1;
  if (before >= stemming.rv && VOWELS.has(stemming.word.charAt(before))) replace(stemming, suffix, '', 0);
  return false;
};

const STANDARD = suffixTable<Step>([
  ['ance iqUe isme able iste eux ances iqUes ismes ables istes', deleteInR2],
  ['atrice ateur ation atrices ateurs ations', ation],
  ['logie logies', replaceInR2('log')],
  ['usion ution usions utions', replaceInR2('u')],
  ['ence ences', replaceInR2('ent')],
  ['ement ements', ement],
  ['ité ités', ite],
  ['if ive ifs ives', adjective],
  ['eaux', (stemming, suffix) => replace(stemming, suffix, 'eau', 0)],
  ['aux', (stemming, suffix) => replace(stemming, suffix, 'al', stemming.r1)],
  ['euse euses', euse],
  ['issement issements', issement],
  ['amment', amment('ant')],
  ['emment', amment('ent')],
  ['ment ments', ment],
]);

/** Step 1. Whether it removed an ending, so that no verb suffix is looked for. */
function standardSuffix(stemming: Stemming): boolean {
  const found = longestSuffix(stemming.word, STANDARD);
  return found?.action(stemming, found.suffix) ?? false;
}

const VERB_IN_I = suffixTable([
  ['îmes ît îtes i ie ies ir ira irai iraIent irais irait iras irent irez iriez irions irons iront is', true],
  ['issaIent issais issait issant issante issantes issants isse issent isses issez issiez issions', true],
  ['issons it', true],
]);

/** Step 2a: verb suffixes that begin with i, after a consonant in RV. */
function verbSuffixInI(stemming: Stemming): boolean {
  const found = longestSuffix(stemming.word, VERB_IN_I, stemming.rv);
  if (found === undefined) return false;
  const before = stemming.word.length - found.suffix.length - 1;
  const letter = stemming.word.charAt(before);
  if (before < stemming.rv || letter === 'H' || VOWELS.has(letter)) return false;
  return replace(stemming, found.suffix, '', stemming.rv);
}

const VERB = suffixTable<'ions' | 'delete' | 'delete with e'>([
  ['ions', 'ions'],
  ['é ée ées és èrent er era erai eraIent erais erait eras erez eriez erions erons eront ez iez', 'delete'],
  [
    'âmes ât âtes a ai aIent ais ait ant ante antes ants as asse assent asses assiez assions',
    'delete with e',
  ],
]);

/** Step 2b: the other verb suffixes, in RV. */
function verbSuffix(stemming: Stemming): boolean {
  const found = longestSuffix(stemming.word, VERB, stemming.rv);
  if (found === undefined) return false;
  if (found.action === 'ions') return deleteInR2(stemming, found.suffix);
  replace(stemming, found.suffix, '', stemming.rv);
  if (found.action === 'delete with e') replace(stemming, 'e', '', stemming.rv);
  return true;
}

/** Step 4: plural, -ion, -ier and -e of words that have no other ending. */
function residualSuffix(stemming: Stemming): void {
  if (/(?:Hi|[^aiouès])s$/.test(stemming.word)) stemming.word = stemming.word.slice(0, -1);
  const { word, rv, r2 } = stemming;
  if (endsIn(stemming, 'ion', rv)) {
    const before = word.length - 4;
    if (before >= rv && /[st]/.test(word.charAt(before))) replace(stemming, 'ion', '', r2);
  } else if (endsIn(stemming, 'ière', rv) || endsIn(stemming, 'Ière', rv)) {
    stemming.word = `${word.slice(0, -4)}i`;
  } else if (endsIn(stemming, 'ier', rv) || endsIn(stemming, 'Ier', rv)) {
    stemming.word = `${word.slice(0, -3)}i`;
  } else replace(stemming, 'e', '', rv);
}

/** Step 5. */
function withoutDouble(word: string): string {
  return /(?:enn|onn|ett|ell|eill)$/.test(word) ? word.slice(0, -1) : word;
}

/** Step 6. */
function withoutLastAccent(word: string): string {
  return word.replace(/[éè]([^aeiouyâàëéêèïîôûù]+)$/, 'e$1');
}
