/** Cases of `list`, and of which strings are keys. */
import { describe, expect, it } from 'vitest';
import { readText } from '../read-object.ts';
import { inParallel, keysUnder, listed, type Running } from './suite.ts';

const INVALID_KEYS = [
  '',
  '/',
  '/etc/passwd',
  'a/',
  'a//b',
  '.',
  '..',
  '../a',
  'a/../b',
  'a/./b',
  'a/..',
  'a\\b',
  'a\0b',
  'a\nb',
  'a\u007f',
  'a\u0085',
  'a\ufffe',
  'lone \ud800',
  'x'.repeat(1_025),
  'é'.repeat(513),
];

/** Keys that are easily confused, in byte order. */
const CONFUSABLE = [
  ' lead',
  '%',
  '%41',
  '+a',
  '-',
  '...',
  '.hidden',
  '.hidden/x',
  'A',
  'A/b',
  'B.d',
  'CON',
  'a',
  'a b',
  'a&b<c>"\'',
  'a+b',
  'a.c',
  'a.d',
  'a.d/b',
  'a.d/b.d/c.c',
  'a/b',
  'a/bc',
  'a0',
  'aux.txt',
  'con',
  'nul.tar.gz',
  'trail ',
  'trail.',
  'x?y#z=1',
  '~',
  'e\u0301',
  'é',
  '日本語/文書.pdf',
  '\ue000',
  '𝄞',
].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));

export function listCases({ store, folder, skips }: Running): void {
  describe('list', () => {
    it('gives every object under a prefix once, in UTF-8 byte order, with what head says', async () => {
      await inParallel(CONFUSABLE, (key) => store().put(folder() + key, key));
      const found = await listed(store(), folder());
      expect(found.map(({ key }) => key.slice(folder().length))).toEqual(CONFUSABLE);
      for (const { key, bytes, etag } of found) {
        expect(await store().head(key)).toMatchObject({ key, bytes, etag });
        expect(await readText(store(), key)).toBe(key.slice(folder().length));
      }
    });

    it('keeps long segments apart and in order', async () => {
      const lengths = [79, 80, 81, 159, 160, 161, 255, 256, 900];
      const keys = lengths.flatMap((length) => {
        const segment = 'n'.repeat(length);
        return [segment, `${segment}!`, `${segment}/x`, `${segment}0`, `${segment}É`];
      });
      await inParallel(keys, (key) => store().put(folder() + key, key));
      const sorted = keys.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
      expect(await keysUnder(store(), folder())).toEqual(sorted);
      const prefix = `${folder()}${'n'.repeat(160)}`;
      expect((await listed(store(), prefix)).map(({ key }) => key)).toEqual(
        sorted.map((key) => folder() + key).filter((key) => key.startsWith(prefix)),
      );
    });

    it('takes a prefix as the start of a key, not as a folder', async () => {
      await inParallel(['a/b', 'a/bc', 'a/b/c', 'a/c', 'ab', 'b'], (key) => store().put(folder() + key, 'x'));
      const under = async (prefix: string): Promise<string[]> =>
        (await listed(store(), folder() + prefix)).map(({ key }) => key.slice(folder().length));
      expect(await under('a/b')).toEqual(['a/b', 'a/b/c', 'a/bc']);
      expect(await under('a/b/')).toEqual(['a/b/c']);
      expect(await under('a')).toEqual(['a/b', 'a/b/c', 'a/bc', 'a/c', 'ab']);
      expect(await under('a/b/c')).toEqual(['a/b/c']);
      expect(await under('a/b/c/')).toEqual([]);
      expect(await under('nothing')).toEqual([]);
      expect(await keysUnder(store(), folder().slice(0, -1))).toHaveLength(6);
    });

    it('lists the whole store under the empty prefix', async () => {
      await store().put(`${folder()}x`, 'x');
      expect((await listed(store(), '')).map(({ key }) => key)).toContain(`${folder()}x`);
    });

    it('goes past the first 1,000 objects', async ({ skip }) => {
      if (skips['paged-listing'] !== undefined) skip(skips['paged-listing']);
      const keys = Array.from({ length: 1_050 }, (_, index) => `page/${String(index).padStart(5, '0')}`);
      await inParallel(keys, (key) => store().put(folder() + key, ''));
      expect(await keysUnder(store(), folder())).toEqual(keys);
    });

    it('leaves out what is deleted meanwhile, and lets its reader leave', async () => {
      await inParallel(['1', '2', '3'], (key) => store().put(folder() + key, 'x'));
      for await (const { key } of store().list(folder())) {
        await store().delete(key);
        if (key.endsWith('2')) break;
      }
      expect(await keysUnder(store(), folder())).toEqual(['3']);
    });

    it('stops at an abort with the reason of the signal', async () => {
      await inParallel(['1', '2', '3'], (key) => store().put(folder() + key, 'x'));
      const reason = new Error('Enough');
      const controller = new AbortController();
      const seen: string[] = [];
      const listing = async (): Promise<void> => {
        for await (const { key } of store().list(folder(), { signal: controller.signal })) {
          seen.push(key);
          controller.abort(reason);
        }
      };
      await expect(listing()).rejects.toBe(reason);
      expect(seen).toHaveLength(1);
    });
  });

  describe('keys', () => {
    it('are refused by every call when they are none', async () => {
      for (const key of INVALID_KEYS) {
        const refused = { code: 'invalid_key' };
        const shown = JSON.stringify(key.slice(0, 20));
        await expect(store().put(key, 'x'), shown).rejects.toMatchObject(refused);
        await expect(store().create(key, 'x'), shown).rejects.toMatchObject(refused);
        await expect(store().get(key), shown).rejects.toMatchObject(refused);
        await expect(store().head(key), shown).rejects.toMatchObject(refused);
        await expect(store().delete(key), shown).rejects.toMatchObject(refused);
        await expect(store().presign(key, { expiresInMs: 60_000 }), shown).rejects.toMatchObject(refused);
      }
    });

    it('are refused as prefixes where they could start no key', async () => {
      for (const prefix of ['/', '../', 'a//', 'a/../', 'a\\', 'a\n']) {
        await expect(listed(store(), prefix), JSON.stringify(prefix)).rejects.toMatchObject({
          code: 'invalid_key',
        });
      }
    });

    it('may have 900 bytes in one segment or in many', async () => {
      const room = 900 - Buffer.byteLength(folder());
      for (const tail of ['z'.repeat(room), '日'.repeat(room / 3), 'A/'.repeat(room / 2).slice(0, -1)]) {
        await store().put(folder() + tail, tail);
        expect(await readText(store(), folder() + tail)).toBe(tail);
      }
    });
  });
}
