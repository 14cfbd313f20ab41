import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyFault, parseKey } from '../key.ts';
import { folderPath, objectPath, parseName } from './file-name.ts';

const anyKey = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 100 }),
      fc.string({
        unit: fc.constantFrom('a', 'A', '.', ' ', '+', '%', 'd', 'c', 'é', '𝄞'),
        minLength: 1,
        maxLength: 200,
      }),
      fc.constantFrom(
        'con',
        'NUL.txt',
        'aux',
        'com1',
        '%',
        '%41',
        'x.d',
        'x.c',
        'x'.repeat(80),
        'x'.repeat(160),
      ),
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map((segments) => segments.join('/'))
  .filter((key) => keyFault(key) === undefined);

/** The key that names stand for, read back as a listing does. */
function keyOf(names: readonly string[]): string | undefined {
  const parsed = names.map((name) => parseName(name));
  if (parsed.some((part) => part === undefined)) return undefined;
  return Buffer.concat(parsed.map((part) => part?.bytes ?? Buffer.alloc(0))).toString();
}

describe('the names of keys on disk', () => {
  it('can be read as they are for plain keys', () => {
    expect(objectPath(['out', 'pdf-extraction', 'report_1.pdf'])).toEqual([
      'out.d',
      'pdf-extraction.d',
      'report_1.pdf',
    ]);
    expect(objectPath(['README'])).toEqual(['+r+e+a+d+m+e']);
    expect(objectPath(['.env'])).toEqual(['%2eenv']);
    expect(objectPath(['nul.txt'])).toEqual(['%6eul.txt']);
    expect(objectPath(['x'.repeat(80)])).toEqual([`${'x'.repeat(80)}.c`, '%']);
  });

  it('give the key back, whatever it is', () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        expect(keyOf(objectPath(parseKey(key)))).toBe(key);
      }),
      { numRuns: 3_000 },
    );
  });

  it('fit every file system: at most 255 ASCII bytes, one case, no name that Windows reserves', () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        for (const name of objectPath(parseKey(key))) {
          expect(name).toMatch(/^[a-z0-9_+%-](?:[a-z0-9._+% -]*[a-z0-9_+%-])?$/);
          expect(name.length).toBeLessThanOrEqual(255);
          expect(name).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('never make a file of one key a folder of another', () => {
    fc.assert(
      fc.property(anyKey, anyKey, (left, right) => {
        const object = objectPath(parseKey(left)).join('/');
        const folders = folderPath(parseKey(right)).map((_, index, names) =>
          names.slice(0, index + 1).join('/'),
        );
        expect(folders).not.toContain(object);
      }),
    );
  });

  it('walk in key order when each folder is sorted by the bytes that its names stand for', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyKey, { maxLength: 30 }), (keys) => {
        const walked = walk(keys.map((key) => objectPath(parseKey(key))));
        expect(walked).toEqual(
          keys.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right))),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('are not read into names of other programs', () => {
    for (const name of [
      '.DS_Store',
      'Thumbs.db',
      '.longshore-writing',
      'a%4',
      'a%41',
      '%2E',
      'café',
      'x.',
      'a+',
      'x'.repeat(80),
    ]) {
      expect(parseName(name), name).toBeUndefined();
    }
  });
});

function walk(paths: readonly (readonly string[])[], above = Buffer.alloc(0)): string[] {
  const names = [...new Set(paths.map((path) => path[0] ?? ''))];
  const sorted = names
    .map((name) => ({ name, bytes: parseName(name)?.bytes ?? Buffer.alloc(0) }))
    .sort((left, right) => Buffer.compare(left.bytes, right.bytes));
  return sorted.flatMap(({ name, bytes }) => {
    const key = Buffer.concat([above, bytes]);
    const inside = paths.filter((path) => path[0] === name).map((path) => path.slice(1));
    return inside.some((path) => path.length === 0) ? [key.toString()] : walk(inside, key);
  });
}
