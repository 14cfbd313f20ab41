/**
 * Words of a text with their places in it: Unicode words, French elisions split off, ligatures written out. Chinese,
 * Japanese and Thai have no spaces: their runs are cut into overlapping pairs of characters.
 */

/** A word and where it stands in the text. */
export interface Token {
  /** Lower case, accents kept. */
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

const WORD = /[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}\p{N}]+)*/gu;
const ELISION = /^(?:l|d|j|m|t|s|c|n|qu|jusqu|lorsqu|puisqu|quoiqu)['’]/i;
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;
const UNSPACED_RUN =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}ー]+|[^\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}ー]+/gu;
const PLAIN = /^[A-Za-z0-9]+$/;
/** Longer "words" are data, not language. */
const MAX_WORD = 64;

/** What stands between spaces and signs in a text, in order: of each, `tokens` makes words. */
export function writtenWords(text: string): readonly string[] {
  return text.match(WORD) ?? [];
}

/** The words of a text, in order. */
export function* tokens(text: string): Generator<Token> {
  for (const match of text.matchAll(WORD)) {
    const whole = match[0];
    if (UNSPACED.test(whole)) {
      yield* pairs(whole, match.index);
      continue;
    }
    const elision = ELISION.exec(whole)?.[0].length ?? 0;
    const word = whole.slice(elision);
    if (word === '') continue;
    const start = match.index + elision;
    yield { word: normal(word).slice(0, MAX_WORD), start, end: match.index + whole.length };
  }
}

function* pairs(whole: string, offset: number): Generator<Token> {
  for (const run of whole.matchAll(UNSPACED_RUN)) {
    const start = offset + run.index;
    const characters = [...run[0]];
    if (!UNSPACED.test(run[0])) {
      yield { word: normal(run[0]).slice(0, MAX_WORD), start, end: start + run[0].length };
      continue;
    }
    let at = start;
    for (const [index, character] of characters.entries()) {
      const next = characters[index + 1];
      if (next !== undefined || characters.length === 1) {
        yield { word: character + (next ?? ''), start: at, end: at + character.length + (next?.length ?? 0) };
      }
      at += character.length;
    }
  }
}

function normal(word: string): string {
  // Most words are: the steps below would leave them as they are.
  if (PLAIN.test(word)) return word.toLowerCase();
  return word
    .toLowerCase()
    .normalize('NFC')
    .replaceAll('œ', 'oe')
    .replaceAll('æ', 'ae')
    .replaceAll('’', "'")
    .replace(/'s$/, '');
}

/** Without accents: `élection` is `election`. */
export function foldAccents(word: string): string {
  if (PLAIN.test(word)) return word;
  return word
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .replaceAll('ß', 'ss')
    .replaceAll('ø', 'o')
    .replaceAll('ł', 'l');
}
