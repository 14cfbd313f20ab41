import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { searchResultText } from './search-result.ts';
import { createStyle } from './terminal/style.ts';

const hit = (text: string, isHit = false) => ({ text, hit: isHit });
const result = {
  total: 12,
  hits: [
    {
      id: 'a',
      title: 'Budget 2025',
      source: 'docs/budget.pdf',
      language: 'fr',
      page: 4,
      score: 1,
      snippet: [hit('… avant l’'), hit('élection', true), hit(' de la\nmaire,\u001B[2J le budget …')],
    },
  ],
};
const plain = { style: createStyle(false), columns: Number.POSITIVE_INFINITY };

describe('a search result', () => {
  it('shows rank, title, source, page, language and the snippet with its hits marked', () => {
    expect(searchResultText(result, plain)).toBe(
      [
        '1 of 12 documents',
        '',
        '1  Budget 2025',
        '   docs/budget.pdf · page 4 · fr',
        '   … avant l’«élection» de la maire, le budget …',
      ].join('\n'),
    );
  });

  it('marks hits by colour instead where there is colour, with the same words', () => {
    const text = searchResultText(result, { ...plain, style: createStyle(true) });
    expect(text).not.toContain('«');
    expect(text).not.toContain('\u001B[2J');
    expect(stripVTControlCharacters(text)).toContain('avant l’élection de la maire');
  });

  it('breaks long snippets at words within the terminal', () => {
    const long = {
      total: 1,
      hits: result.hits.map((each) => ({ ...each, snippet: [hit('word '.repeat(60)), hit('last', true)] })),
    };
    const lines = searchResultText(long, { ...plain, columns: 40 }).split('\n');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(40);
    expect(lines.at(-1)).toContain('«last»');
  });

  it('gives a hint where nothing was found', () => {
    expect(searchResultText({ hits: [], total: 0 }, plain)).toContain('No document matches');
  });

  it('asks whether another word was meant where the index has one like it', () => {
    const none = { hits: [], total: 0, suggestions: ['élection', 'sé\u001B[2Jlection'] };
    const text = searchResultText(none, plain);
    expect(text).toContain('Did you mean élection, ');
    expect(text).not.toContain('\u001B');
  });
});
