import { describe, expect, it } from 'vitest';
import { createStyle } from './style.ts';
import { table } from './table.ts';
import { cut, printable, textWidth, wrap } from './text-width.ts';

const plain = { style: createStyle(false), columns: Number.POSITIVE_INFINITY };

describe('a table', () => {
  it('aligns text left and numbers right, and leaves no trailing spaces', () => {
    const text = table(
      [{ header: 'NAME' }, { header: 'COUNT', align: 'right' }, { header: 'NOTE' }],
      [
        ['a', '7', ''],
        ['long-name', '1234567', 'x'],
      ],
      plain,
    );
    expect(text).toBe('NAME         COUNT  NOTE\na                7\nlong-name  1234567  x\n');
  });

  it('cuts the columns that may give way on a narrow terminal, and nothing elsewhere', () => {
    const columns = [{ header: 'ID' }, { header: 'REASON', minColumns: 12 }, { header: 'AT' }];
    const rows = [['1', 'the quick brown fox jumps over the lazy dog', '12:00']];
    const narrow = table(columns, rows, { ...plain, columns: 40 });
    for (const line of narrow.trimEnd().split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(40);
    expect(narrow).toContain('…');
    expect(narrow).toContain('12:00');
    expect(table(columns, rows, plain)).toContain('lazy dog');
  });

  it('keeps columns aligned beside wide characters, accents and colour', () => {
    const style = createStyle(true);
    const rows = [
      [{ text: '文書', paint: style.red }, 'x'],
      [{ text: 'été', paint: style.red }, 'x'],
      [{ text: '👩‍👩‍👧', paint: style.red }, 'x'],
    ] as const;
    const lines = table([{ header: 'T' }, { header: 'X' }], rows, { style, columns: 80 })
      .trimEnd()
      .split('\n');
    expect(new Set(lines.slice(1).map((line) => textWidth(line.slice(0, line.lastIndexOf('x')))))).toEqual(
      new Set([6]),
    );
  });

  it('cannot be made to steer the terminal by its cells', () => {
    const text = table(
      [{ header: 'A' }],
      [['\u001B[2J\u001B]0;owned\u0007evil\rfake\nline\u202Etxt\u009B31m']],
      plain,
    );
    expect(text.split('\n')).toHaveLength(3);
    // eslint-disable-next-line no-control-regex -- these are what must be gone
    expect(text).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E]/);
  });
});

describe('text', () => {
  it('is measured in columns', () => {
    expect(
      ['abc', 'été', 'e\u0301te\u0301', '文書', '👍', '\u001B[31mred\u001B[39m', 'a\u200Db', ''].map(
        textWidth,
      ),
    ).toEqual([3, 3, 3, 4, 2, 3, 2, 0]);
  });

  it('is cut to its columns, wide characters whole', () => {
    expect(cut('abcdef', 6)).toBe('abcdef');
    expect(cut('abcdef', 4)).toBe('abc…');
    expect(cut('文書文書', 4)).toBe('文…');
    expect(cut('abc', 0)).toBe('');
  });

  it('is wrapped at spaces', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('indivisible', 4)).toEqual(['indivisible']);
  });

  it('is made printable on one line', () => {
    expect(printable('a\tb\r\nc\u0000')).toBe('a b c\uFFFD');
  });
});
