/** Text of a page from the table of words that tesseract writes, in its reading order. Pure. */
import { normaliseText } from '../text/normalise.ts';
import type { Recognition } from './page-ocr.ts';

/** A row is `level, page, block, paragraph, line, word, left, top, width, height, confidence, text`. */
const WORD_LEVEL = '5';
const [BLOCK, LINE, CONFIDENCE, TEXT] = [2, 4, 10, 11];
const PARAGRAPH = 3;
const PERCENT = 100;

/** Reads the table: words apart by blanks, lines by line ends, paragraphs by empty lines. */
export function readTsv(tsv: string): Recognition {
  const lines: string[] = [];
  let last: readonly string[] = [];
  let letters = 0;
  let certainty = 0;
  for (const row of tsv.split('\n')) {
    const cells = row.split('\t');
    const text = cells[TEXT]?.trim() ?? '';
    if (cells[0] !== WORD_LEVEL || text === '') continue;
    const confidence = Number(cells[CONFIDENCE]);
    letters += text.length;
    certainty += text.length * Math.min(PERCENT, Math.max(0, confidence));
    if (isSame(cells, last, LINE)) lines.push(`${lines.pop() ?? ''} ${text}`);
    else if (last.length === 0 || isSame(cells, last, PARAGRAPH)) lines.push(text);
    else lines.push('', text);
    last = cells;
  }
  return {
    kind: 'ok',
    text: normaliseText(lines.join('\n')),
    ...(letters === 0 ? {} : { confidence: Math.round(certainty / letters) / PERCENT }),
  };
}

/** Whether two words stand in the same part: the same block, paragraph or line, and everything above it. */
function isSame(cells: readonly string[], last: readonly string[], depth: number): boolean {
  return (
    last.length > 0 && cells.slice(BLOCK, depth + 1).every((cell, index) => cell === last[BLOCK + index])
  );
}
