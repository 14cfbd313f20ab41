/** Text as engines give it, made searchable: ligatures expanded, line-end hyphens joined, control characters removed. */

const LIGATURES = /[\uFB00-\uFB06]/g;
// PDFium marks a hyphen at a line's end as U+0002 or U+FFFE.
const MARKED_HYPHEN = /[\u0002\uFFFE]\s*/g;
const SOFT_HYPHEN = /\u00AD\s*\n?\s*/g;
// eslint-disable-next-line no-control-regex -- removing them is the point
const CONTROL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F\uFFFF]/g;

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
