/** Cases of `create`. */
import { describe, expect, it, type TestContext } from 'vitest';
import { readBytes, readText } from '../read-object.ts';
import { verifyConditionalCreate } from '../verify-conditional-create.ts';
import { keysUnder, pattern, type Running } from './suite.ts';

const CREATORS = 20;

export function createCases({ store, folder, skips }: Running): void {
  const needsCondition = ({ skip }: TestContext): void => {
    const reason = skips['conditional-create'];
    if (reason !== undefined) skip(reason);
  };

  describe('create', () => {
    it('writes an object where none is', async () => {
      const key = `${folder()}new`;
      expect(await store().create(key, 'mine', { contentType: 'text/plain' })).toEqual({ created: true });
      expect(await readText(store(), key)).toBe('mine');
      expect(await store().head(key)).toMatchObject({ bytes: 4, contentType: 'text/plain' });
    });

    it('changes nothing where one is, and can again once it was deleted', async (context) => {
      needsCondition(context);
      const key = `${folder()}taken`;
      const first = await store().put(key, 'first');
      expect(await store().create(key, 'second')).toEqual({ created: false });
      expect(await store().create(key, pattern(100_000))).toEqual({ created: false });
      expect(await readText(store(), key)).toBe('first');
      expect((await store().head(key))?.etag).toBe(first.etag);
      await store().delete(key);
      expect(await store().create(key, 'third')).toEqual({ created: true });
      expect(await readText(store(), key)).toBe('third');
    });

    it('has one winner of 20 at the same time, whose body stays', async (context) => {
      needsCondition(context);
      for (const repeats of [1, 50_000]) {
        const key = `${folder()}race-${repeats}`;
        const bodies = Array.from({ length: CREATORS }, (_, index) => `creator ${index} `.repeat(repeats));
        const outcomes = await Promise.all(bodies.map((body) => store().create(key, body)));
        const winners = bodies.filter((_, index) => outcomes[index]?.created === true);
        expect(winners).toHaveLength(1);
        expect(await readText(store(), key)).toBe(winners[0]);
      }
    });

    it('has one winner of several large streams at the same time', async (context) => {
      needsCondition(context);
      const key = `${folder()}large-race`;
      const sizes = [9, 10, 11].map((mebibytes) => mebibytes * 1_048_576);
      const outcomes = await Promise.all(sizes.map((bytes) => store().create(key, pattern(bytes))));
      const winners = sizes.filter((_, index) => outcomes[index]?.created === true);
      expect(winners).toHaveLength(1);
      expect((await readBytes(store(), key))?.byteLength).toBe(winners[0]);
    });

    it('passes its own verification, which leaves nothing behind', async (context) => {
      needsCondition(context);
      await verifyConditionalCreate(store(), { prefix: `${folder()}probe` });
      await verifyConditionalCreate(store(), { prefix: `${folder()}probe`, bodyBytes: 9 * 1_048_576 });
      expect(await keysUnder(store(), folder())).toEqual([]);
    });
  });
}
