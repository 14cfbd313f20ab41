import { expect, it } from 'vitest';
import { readTsv } from './read-tsv.ts';

/** Rows of the table: level, block, paragraph, line, confidence, text. */
function table(...rows: readonly (readonly [number, number, number, number, number, string])[]): string {
  const lines = rows.map(([level, block, paragraph, line, confidence, text]) =>
    [level, 1, block, paragraph, line, 1, 0, 0, 10, 10, confidence, text].join('\t'),
  );
  return `level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n${lines.join('\n')}\n`;
}

it('puts words on their lines, and empty lines between paragraphs', () => {
  const tsv = table(
    [1, 0, 0, 0, -1, ''],
    [5, 1, 1, 1, 96, 'Le'],
    [5, 1, 1, 1, 96, 'port'],
    [5, 1, 1, 2, 96, 'dort'],
    [5, 1, 2, 1, 96, 'Demain'],
    [4, 2, 1, 1, -1, ''],
    [5, 2, 1, 1, 96, 'Colonne'],
  );
  expect(readTsv(tsv).text).toBe('Le port\ndort\n\nDemain\n\nColonne');
});

it('joins words that were parted at a line’s end', () => {
  expect(readTsv(table([5, 1, 1, 1, 90, 'docu-'], [5, 1, 1, 2, 90, 'ment'])).text).toBe('document');
});

it('weighs confidence by the length of words', () => {
  const tsv = table([5, 1, 1, 1, 100, 'abcdef'], [5, 1, 1, 1, 0, 'gh']);
  expect(readTsv(tsv)).toEqual({ kind: 'ok', text: 'abcdef gh', confidence: 0.75 });
});

it('has no confidence in nothing', () => {
  expect(readTsv(table([1, 0, 0, 0, -1, ''], [5, 1, 1, 1, 95, ' ']))).toEqual({ kind: 'ok', text: '' });
  expect(readTsv('')).toEqual({ kind: 'ok', text: '' });
});
