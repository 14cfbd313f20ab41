/**
 * How many columns a text takes on a terminal, and cutting it to fit. Texts come from documents and payloads, so they
 * are untrusted: `printable` takes from them what would steer the terminal.
 */
import { stripVTControlCharacters } from 'node:util';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

// East Asian Wide and Fullwidth (Unicode TR 11), blocks in use; and characters that terminals draw as emoji.
const WIDE =
  /^(?:[\u1100-\u115F\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\u9FFF\uA000-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|[\u{1B000}-\u{1B2FF}\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}|.\uFE0F)/u;
const ZERO_WIDTH = /^[\p{Mark}\p{Cf}]+$/u;
const ONLY_ASCII = /^[\u0020-\u007E]*$/;
const SPACES = /[\t\n\v\f\r\u0085\u2028\u2029]+/g;
// C0, DEL, C1, and the bidirectional overrides, which can make a text read as another one.
const CONTROLS = /[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu;

/** Columns of a text on a terminal; escape codes count nothing. */
export function textWidth(text: string): number {
  if (ONLY_ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(stripVTControlCharacters(text)))
    width += graphemeWidth(segment);
  return width;
}

/** The text, cut to `columns` with a final `…` where it is longer. Give it text without escape codes. */
export function cut(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  if (columns <= 0) return '';
  let kept = '';
  let width = 0;
  for (const { segment } of graphemes.segment(text)) {
    width += graphemeWidth(segment);
    if (width > columns - 1) break;
    kept += segment;
  }
  return `${kept.trimEnd()}…`;
}

/** The text on one line, with everything removed that a terminal would obey rather than show. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replaceAll(SPACES, ' ').replaceAll(CONTROLS, '\uFFFD');
}

/** The text broken at spaces into lines of at most `columns`; a longer word stays whole. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && textWidth(longer) > columns) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}

function graphemeWidth(segment: string): number {
  if (ZERO_WIDTH.test(segment)) return 0;
  return WIDE.test(segment) ? 2 : 1;
}
