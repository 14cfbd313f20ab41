/** Text as engines give it, made searchable: ligatures expanded, line-end hyphens joined, control characters removed. */

const LIGATURES = /[\uFB00-\uFB06]/g;
// PDFium marks a hyphen at a line's end as U+0002 or U+FFFE.
const MARKED_HYPHEN = new RegExp(`[${String.fromCharCode(2)}\\uFFFE]\\s*`, 'g');
const SOFT_HYPHEN = /\u00AD\s*\n?\s*/g;
/** Control characters but tab and line ends, and the non-character U+FFFF. */
const CONTROL = /[^\P{Cc}\t\n\r]|\uFFFF/gu;

/** Normalised text with `\n` line ends. */
export function normaliseText(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(MARKED_HYPHEN, '')
    .replace(SOFT_HYPHEN, '')
    .replace(LIGATURES, (ligature) => ligature.normalize('NFKC'))
    .replace(CONTROL, '')
    .trim();
}
