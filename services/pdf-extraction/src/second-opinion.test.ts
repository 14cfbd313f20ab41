import { describe, expect, it } from 'vitest';
import type { ReadPage } from './sandbox/messages.ts';
import { failed, type DocumentRead } from './sandbox/outcome.ts';
import { betterOf, doubtsAbout, withPagesOf } from './second-opinion.ts';

const WHOLE = 'זה הספר של הילד הוא קרא את הסיפור עם החברים בבית הספר כי אהב אותו מאוד';
const PIECES = WHOLE.split('').join(' ');

function read(
  texts: readonly string[],
  options: { readonly pageCount?: number; readonly page?: Partial<ReadPage> } = {},
): DocumentRead {
  const pages = texts.map((text, index): ReadPage => ({
    page: index + 1,
    text,
    textLayer: text === '' ? 'none' : 'present',
    hasUnreadableText: false,
    words: 1,
    fields: [],
    links: [],
    ...options.page,
  }));
  return {
    kind: 'ok',
    engine: { name: 'e', version: '1' },
    head: { pageCount: options.pageCount ?? pages.length, metadata: {}, outline: [] },
    pages,
    pagesWanted: options.pageCount ?? pages.length,
  };
}

describe('a second opinion', () => {
  it.each([
    ['a refusal', failed('corrupt', ''), true],
    ['a missing page', read(['a'], { pageCount: 2 }), true],
    ['no page at all', read([]), true],
    ['text that has no characters', read(['', ''], { page: { hasUnreadableText: true } }), true],
    ['nothing on any page', read([''], { page: { textLayer: 'empty' } }), true],
    ['ordinary text', read(['a', '']), false],
    ['a scan', read(['', '']), false],
    [
      'a long document without text',
      read(
        Array.from({ length: 51 }, () => ''),
        { page: { hasUnreadableText: true } },
      ),
      false,
    ],
    ['an encrypted document', failed('encrypted', ''), false],
    ['a broken limit', failed('timed_out', ''), false],
    ['a crash', failed('engine_crashed', ''), false],
  ])('after %s: %s', (_name, outcome, wanted) => {
    expect(doubtsAbout(outcome)).toBe(wanted ? 'document' : 'none');
  });
});

describe('right-to-left text', () => {
  const mixed = read(['An ordinary page', PIECES, WHOLE, PIECES]);

  it('is doubted on the pages where it is in pieces', () => {
    expect(doubtsAbout(mixed)).toEqual({ read: mixed, pages: [2, 4] });
    expect(doubtsAbout(read([WHOLE]))).toBe('none');
  });

  it('is taken from the other engine page by page, where that has it whole', () => {
    const [, second] = read(['', WHOLE]).pages;
    const [, , , fourth] = read(['', '', '', PIECES]).pages;
    if (second === undefined || fourth === undefined) throw new Error('No pages');
    const other = { ...read([]), pages: [second, fourth] };
    const { merged, taken } = withPagesOf(mixed, other);
    expect(taken).toBe(1);
    expect(merged.pages.map(({ text }) => text)).toEqual(['An ordinary page', WHOLE, WHOLE, PIECES]);
  });

  it('stays as it is where the other engine lost much of it, or failed', () => {
    const long = read([PIECES.repeat(2)]);
    expect(withPagesOf(long, read([WHOLE]))).toEqual({ merged: long, taken: 0 });
    expect(withPagesOf(long, failed('timed_out', ''))).toEqual({ merged: long, taken: 0 });
  });
});

describe('of two results', () => {
  const corrupt = failed('corrupt', 'first');
  it.each([
    ['the one that could read the document', corrupt, read(['a']), 1],
    ['the first, when the second could not', read(['']), failed('timed_out', ''), 0],
    ['the first refusal', corrupt, failed('corrupt', 'second'), 0],
    ['the need for a password, whoever finds it', corrupt, failed('encrypted', ''), 1],
    ['the one with more pages', read(['aaaa'], { pageCount: 2 }), read(['a', 'b']), 1],
    ['the one with more text', read(['']), read(['a']), 1],
    ['the first of equals', read(['a']), read(['b']), 0],
  ])('%s is kept', (_name, first, second, chosen) => {
    expect(betterOf(first, second)).toBe([first, second][chosen]);
  });

  it('none is kept when there is no page', () => {
    expect(betterOf(read([]), read([]))).toMatchObject({ kind: 'failed', code: 'corrupt' });
  });
});
