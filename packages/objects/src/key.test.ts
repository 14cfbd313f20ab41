import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertKey, assertPrefix, compareKeys, keyFault, MAX_KEY_BYTES, parseKey } from './key.ts';

/** Keys of every shape, built from segments that are none of the refused ones. */
const anyKey = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 100 }),
      fc.string({
        unit: fc.constantFrom('a', 'A', '.', ' ', '+', '%', 'd', 'c', 'é', '𝄞'),
        minLength: 1,
        maxLength: 200,
      }),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((segments) => segments.join('/'))
  .filter((key) => keyFault(key) === undefined);

describe('assertKey', () => {
  it('accepts relative paths of any text', () => {
    for (const key of ['a', 'a/b.txt', '...', 'a/.b', '日本/é', ' ', '𝄞', 'x'.repeat(MAX_KEY_BYTES)]) {
      expect(() => assertKey(key), key).not.toThrow();
    }
  });

  it('says why it refuses a string', () => {
    const reasons: Readonly<Record<string, string>> = {
      '': 'it is empty',
      '/a': 'it starts with "/"; keys are relative',
      'a//b': 'it has an empty segment',
      'a/': 'it has an empty segment',
      'a/../b': 'it has the segment ".."',
      './a': 'it has the segment "."',
      'a\\b': 'it holds a backslash; segments are joined by "/"',
      'a\tb': 'it holds a control character',
      '\udc00': 'it holds an unpaired surrogate',
      ['é'.repeat(513)]: 'it has 1026 bytes of UTF-8, a key has at most 1024',
    };
    for (const [key, reason] of Object.entries(reasons)) expect(keyFault(key)).toBe(reason);
    expect(keyFault(undefined)).toBe('it is of type undefined, expected a string');
    expect(keyFault(null)).toBe('it is of type null, expected a string');
    expect(() => assertKey('a/../b')).toThrow('Cannot use "a/../b" as key: it has the segment ".."');
  });

  it('never accepts a path that a file system would resolve to another place', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '.', '/', '\\', '\0') }), (key) => {
        if (keyFault(key) !== undefined) return;
        expect(new URL(encodeURI(key), 'file:///root/').pathname).toBe(`/root/${key}`);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('parseKey', () => {
  it('gives the segments', () => {
    expect(parseKey('a/b/c')).toEqual(['a', 'b', 'c']);
    expect(() => parseKey('a//c')).toThrow('empty segment');
  });
});

describe('assertPrefix', () => {
  it('accepts every start of every key', () => {
    fc.assert(
      fc.property(anyKey, fc.nat(), (key, cut) => {
        const characters = Array.from(key);
        assertPrefix(characters.slice(0, cut % (characters.length + 1)).join(''));
      }),
    );
  });

  it('refuses what starts no key', () => {
    for (const prefix of ['/', 'a//', '../', 'a/./b', '\\', '\ud800'])
      expect(() => assertPrefix(prefix)).toThrow('as prefix');
  });
});

describe('compareKeys', () => {
  it('orders like the UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (left, right) => {
        const expected = Buffer.compare(Buffer.from(left), Buffer.from(right));
        expect(Math.sign(compareKeys(left, right))).toBe(expected);
      }),
      {
        examples: [
          ['\uffee', '𝄞'],
          ['a', 'ab'],
          ['', ''],
        ],
      },
    );
  });
});
