/**
 * Text as engines give it, made readable and searchable: words joined over line ends, ligatures and presentation forms
 * expanded, accents composed, control characters removed. Linear in the text's length.
 */

/** PDFium's marks for a hyphen that ends a line. */
// oxlint-disable-next-line no-control-regex -- it is the mark
const HYPHEN_MARK = /[\u0002\uFFFE]\s*/g;
/** The same as engines without a mark leave it: letter, hyphen, line end, small letter. */
const BARE_LINE_END_HYPHEN = /(?<=\p{L})[-\u2010][ \t]*\n[ \t]*(?=\p{Ll})/gu;
const SOFT_HYPHEN = /\u00AD(?:[ \t]*\n[ \t]*)?/g;
/** Latin ligatures (ﬁ, ﬂ, ﬆ …) and the Hebrew and Arabic presentation forms: glyph variants of ordinary letters. */
const PRESENTATION_FORMS = /[\uFB00-\uFDFB\uFE70-\uFEFC]+/g;
// oxlint-disable-next-line no-control-regex -- removing them is the point
const UNPRINTABLE = /[\u0000-\u0008\u000B\u000E-\u001F\u007F-\u009F\u200B\uFEFF\uFFFE\uFFFF]/g;
/** An Arabic vowel mark stands on the letter before it; where its glyph is drawn late, engines put it after the space. */
const MARK_AFTER_SPACE = /(?<=[\u0620-\u065F\u0670-\u06D3])([ \t])([\u064B-\u065F\u0670]{1,4})/g;
const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;
const SMALL_LETTER = /\p{Ll}/u;
/** Longest look back for the start of a word that is hyphenated already, in UTF-16 units. */
const MAX_WORD_LENGTH = 40;
const LINE_END_HYPHEN = '\uFFFE';

/** Most pages of English are no more than this, and need none of what is rare. */
const PLAIN = /^[\t\n\r\x20-\x7E]*$/;

/** Normalised text: NFC, `\n` line ends, no trailing blanks, at most one empty line in a row. */
export function normaliseText(text: string): string {
  const lines = (PLAIN.test(text) ? plainText(text) : anyText(text)).split('\n');
  const kept: string[] = [];
  for (const line of lines) {
    const trimmed = line.trimEnd();
    if (trimmed !== '' || (kept.length > 0 && kept.at(-1) !== '')) kept.push(trimmed);
  }
  return kept.join('\n').trim();
}

function plainText(text: string): string {
  const lines = text.replace(/\r\n?/g, '\n');
  return lines.includes('-')
    ? lines.replace(BARE_LINE_END_HYPHEN, LINE_END_HYPHEN).replace(HYPHEN_MARK, joinOrKeep)
    : lines;
}

function anyText(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?|[\f\u0085\u2028\u2029]/g, '\n')
    .replace(SOFT_HYPHEN, '')
    .replace(BARE_LINE_END_HYPHEN, LINE_END_HYPHEN)
    .replace(HYPHEN_MARK, joinOrKeep)
    .replace(PRESENTATION_FORMS, (forms) => forms.normalize('NFKC'))
    .replace(UNPRINTABLE, '')
    .replace(MARK_AFTER_SPACE, '$2$1')
    .normalize('NFC');
}

/**
 * A hyphen that ends a line belongs to the layout when a small letter follows (`docu-ment`), and to the word when it is
 * compound (`arc-en-ciel`, `Saint-Malo`, `2020-2021`).
 */
function joinOrKeep(mark: string, offset: number, text: string): string {
  const next = text.slice(offset + mark.length, offset + mark.length + 2);
  const before = text.slice(Math.max(0, offset - MAX_WORD_LENGTH), offset);
  if (!LETTER_OR_DIGIT.test(next.charAt(0)) || !LETTER_OR_DIGIT.test(before.slice(-1))) return '-';
  const isCompound = /[\p{L}\p{N}]-[\p{L}\p{N}]+$/u.test(before);
  return SMALL_LETTER.test(next.charAt(0)) && !isCompound && !/\p{N}$/u.test(before) ? '' : '-';
}
