/**
 * Agreement of two texts of a document, token by token: F1 over the bags of their tokens, of all documents together.
 *
 * Both sides are normalised alike: NFKC, small letters, words joined over line ends, no invisible characters (pdftotext
 * wraps right-to-left text in marks of direction, in the middle of words too). A token is a run of letters and digits (marks
 * that stand on letters end it, as in the `\w` of most languages), or one character of a script without spaces. It is
 * agreement with another engine, not truth.
 */

/** A set of documents whose agreement is told apart. */
export type TextClass = 'cjk' | 'rtl' | 'french' | 'other';

/** How much of two texts is the same. */
export interface Overlap {
  readonly common: number;
  readonly ours: number;
  readonly theirs: number;
}

// oxlint-disable-next-line no-control-regex -- U+0002 is how PDFium marks a hyphen
const LINE_END_HYPHEN = /[-\u00AD\u2010\u0002\uFFFE][ \t]*\r?\n\s*/g;
const INVISIBLE = /\p{Cf}+/gu;
const IDEOGRAPHS = '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}';
const TOKEN = new RegExp(`[${IDEOGRAPHS}]|(?:(?![${IDEOGRAPHS}])[\\p{L}\\p{N}])+`, 'gu');

/** Tokens of a text, with how often each occurs. */
export function tokensOf(text: string): ReadonlyMap<string, number> {
  const plain = text.replace(LINE_END_HYPHEN, '').normalize('NFKC').toLowerCase().replace(INVISIBLE, '');
  const counts = new Map<string, number>();
  for (const [token] of plain.matchAll(TOKEN)) counts.set(token, (counts.get(token) ?? 0) + 1);
  return counts;
}

/** Compares two bags of tokens. */
export function overlapOf(ours: ReadonlyMap<string, number>, theirs: ReadonlyMap<string, number>): Overlap {
  let common = 0;
  for (const [token, count] of ours) common += Math.min(count, theirs.get(token) ?? 0);
  return { common, ours: sizeOf(ours), theirs: sizeOf(theirs) };
}

/** F1 over several documents, or `undefined` when there is nothing to compare. */
export function f1Of(overlaps: readonly Overlap[]): number | undefined {
  const sum = (part: keyof Overlap): number => overlaps.reduce((total, each) => total + each[part], 0);
  const size = sum('ours') + sum('theirs');
  return size === 0 ? undefined : (2 * sum('common')) / size;
}

const LETTER = /\p{L}/gu;
/** By share of all letters. A drawing with two Arabic labels is no Arabic document; a Chinese character says more than a letter. */
const SCRIPTS: readonly { readonly name: TextClass; readonly letter: RegExp; readonly minShare: number }[] = [
  { name: 'rtl', letter: /[\p{Script=Arabic}\p{Script=Hebrew}]/gu, minShare: 0.2 },
  { name: 'cjk', letter: new RegExp(`[${IDEOGRAPHS}]`, 'gu'), minShare: 0.1 },
];
/** Words that are French and nothing else that is common in documents. */
const FRENCH =
  /(?<!\p{L})(?:les|des|une|dans|est|pour|qui|avec|sont|être|aux|cette|où|nous|vous)(?!\p{L})/giu;
const MIN_FRENCH_SHARE = 0.05;
const MIN_LETTERS = 50;

/** What a document's text is, by its scripts and its commonest words. */
export function classOf(text: string): TextClass {
  const plain = text.normalize('NFKC');
  const letters = count(plain, LETTER);
  if (letters < MIN_LETTERS) return 'other';
  for (const { name, letter, minShare } of SCRIPTS)
    if (count(plain, letter) > letters * minShare) return name;
  return count(plain, FRENCH) > count(plain, /\p{L}+/gu) * MIN_FRENCH_SHARE ? 'french' : 'other';
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

function sizeOf(tokens: ReadonlyMap<string, number>): number {
  return [...tokens.values()].reduce((sum, each) => sum + each, 0);
}
