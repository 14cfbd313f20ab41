import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normaliseText } from './normalise.ts';

describe('normalised text', () => {
  it.each([
    [
      'joins words over line ends, as PDFium marks them',
      'docu\uFFFEment et perfor\u0002\r\nmance',
      'document et performance',
    ],
    ['joins words over line ends, as others leave them', 'docu-\nment', 'document'],
    [
      'keeps the hyphen of compound words',
      'arc-en-\nciel, Saint\uFFFEMalo, 2020\uFFFE2021',
      'arc-en-ciel, Saint-Malo, 2020-2021',
    ],
    ['keeps a dash at a line’s end', 'a dash -\nand more', 'a dash -\nand more'],
    ['keeps a hyphen that ends the page', 'unfin\uFFFE', 'unfin-'],
    ['drops soft hyphens', 'soft\u00ADhyphen and line\u00AD\nend', 'softhyphen and lineend'],
    ['expands ligatures', 'ﬁnal eﬄuent ﬆ', 'final effluent st'],
    ['expands Arabic presentation forms', '\uFEE3\uFEAE\uFEA3\uFE92\uFE8E', 'مرحبا'],
    [
      'puts Arabic vowel marks back on their letters',
      'له\u064F الخلق \u064Fوالأمر \u0651\u064Eو',
      'له\u064F الخلق\u064F والأمر\u064E\u0651 و',
    ],
    ['composes accents', 'e\u0301te\u0301', 'été'],
    ['drops control characters and non-characters', 'a\u0000b\u0007c\u007Fd\uFFFFe\uFEFFf', 'abcdef'],
    ['mends halves of surrogate pairs', 'a\uD800b', 'a\uFFFDb'],
    [
      'uses one kind of line end and no more than one empty line',
      'a \r\nb\r\r\r\n\n c\f d',
      'a\nb\n\n c\n d',
    ],
    ['leaves full-width forms and characters outside the basic plane', 'ＡＢＣ 𠮷 😀', 'ＡＢＣ 𠮷 😀'],
  ])('%s', (_name, text, expected) => {
    expect(normaliseText(text)).toBe(expected);
  });

  it('stays as it is when it is normalised again, and is always valid UTF-16', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const once = normaliseText(text);
        expect(once.isWellFormed()).toBe(true);
        expect(once).toBe(once.trim());
      }),
    );
  });

  it('treats plain text as it treats any other', () => {
    const piece = fc.constantFrom('word', 'Word', ' ', '-', '\r\n', '\n', '\r', '\t', '7', 'arc-en', '.');
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join('');
        // A letter that is not plain, on a line of its own, takes the other way.
        expect(normaliseText(`${text}\n\nÆ`)).toBe(`${normaliseText(`${text}\n\nX`).slice(0, -1)}Æ`);
      }),
      { numRuns: 1_000 },
    );
  });

  it('takes hostile text in linear time', { timeout: 20_000 }, () => {
    for (const text of [
      ' \n'.repeat(500_000),
      '-'.repeat(1_000_000),
      '\u0002 '.repeat(500_000),
      `a-${'b'.repeat(1_000_000)}`,
      '\uFFFE'.repeat(1_000_000),
    ]) {
      expect(normaliseText(text).length).toBeLessThanOrEqual(text.length);
    }
  });
});
