import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countWords } from './words.ts';

const PATTERN = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[\p{L}\p{N}][\p{L}\p{N}\p{M}'’]*/gu;

describe('counting words', () => {
  it.each([
    ['', 0],
    ['one two', 2],
    ['l’été d’Albert, en 2024', 4],
    ["'quoted'", 1],
    ['日本語 text', 4],
    ['لَهُ الخَلقُ', 2],
  ])('%s', (text, words) => {
    expect(countWords(text)).toBe(words);
  });

  it('counts any text as its pattern does', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(
        'a',
        'é',
        'e\u0301',
        '’',
        "'",
        ' ',
        '-',
        '日',
        'ア',
        'ب\u064E',
        '\u2014',
        '7',
        '𝒳',
        'Ж',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join('');
        expect(countWords(text)).toBe(text.match(PATTERN)?.length ?? 0);
      }),
      { numRuns: 1_000 },
    );
  });
});
