/** Cases of `get`, `head` and `presign`. */
import { describe, expect, it } from 'vitest';
import { pattern, type Running } from './suite.ts';

export function readCases({ store, folder, skips }: Running): void {
  const readRange = async (key: string, start: number, end?: number): Promise<string | undefined> => {
    const found = await store().get(key, { range: { start, ...(end === undefined ? {} : { end }) } });
    if (found === undefined) return undefined;
    expect(found.bytes, 'the size is of the whole object').toBe((await store().head(key))?.bytes);
    const chunks: Uint8Array[] = [];
    for await (const chunk of found.body) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };

  describe('get and head', () => {
    it('know nothing of an object that is not there', async () => {
      for (const key of [`${folder()}missing`, `${folder()}missing/deeper`]) {
        expect(await store().get(key)).toBeUndefined();
        expect(await store().get(key, { range: { start: 3, end: 9 } })).toBeUndefined();
        expect(await store().head(key)).toBeUndefined();
      }
    });

    it('do not take the folder of a key for an object', async () => {
      await store().put(`${folder()}folder/object`, 'x');
      expect(await store().get(`${folder()}folder`)).toBeUndefined();
      expect(await store().head(`${folder()}folder`)).toBeUndefined();
      expect(await store().head(`${folder()}folder/object/inner`)).toBeUndefined();
    });

    it('read ranges with both ends inclusive', async () => {
      const key = `${folder()}digits`;
      await store().put(key, '0123456789');
      expect(await readRange(key, 0, 0)).toBe('0');
      expect(await readRange(key, 2, 5)).toBe('2345');
      expect(await readRange(key, 7)).toBe('789');
      expect(await readRange(key, 0)).toBe('0123456789');
      expect(await readRange(key, 9, 9)).toBe('9');
    });

    it('read as much of a range as there is', async () => {
      const key = `${folder()}short`;
      await store().put(key, '0123456789');
      await store().put(`${folder()}empty`, '');
      expect(await readRange(key, 8, 99)).toBe('89');
      expect(await readRange(key, 10)).toBe('');
      expect(await readRange(key, 50, 60)).toBe('');
      expect(await readRange(`${folder()}empty`, 0)).toBe('');
      expect(await readRange(`${folder()}empty`, 0, 10)).toBe('');
    });

    it('refuse a range that is none', async () => {
      await store().put(`${folder()}x`, 'x');
      for (const range of [
        { start: -1 },
        { start: 1.5 },
        { start: 3, end: 2 },
        { start: Number.NaN },
        { start: 0, end: Infinity },
      ]) {
        const reading = store().get(`${folder()}x`, { range });
        await expect(reading, JSON.stringify(range)).rejects.toMatchObject({ code: 'invalid_options' });
      }
    });

    it('go on reading the object they opened while it is replaced and deleted', async () => {
      const key = `${folder()}steady`;
      await store().put(key, pattern(1_000_000));
      const found = await store().get(key);
      const iterator = found?.body[Symbol.asyncIterator]();
      let bytes = 0;
      for (let step = await iterator?.next(); step?.done === false; step = await iterator?.next()) {
        if (bytes === 0) {
          await store().put(key, 'new');
          await store().delete(key);
        }
        bytes += step.value.byteLength;
      }
      expect(bytes).toBe(1_000_000);
    });

    it('let a reader leave at once, or in the middle, any number of times', async () => {
      const key = `${folder()}left`;
      await store().put(key, pattern(2_000_000));
      // More than connections or files that a driver keeps: what is not let go of makes this hang.
      for (let round = 0; round < 120; round += 1) {
        const body = (await store().get(key))?.body;
        const iterator = body?.[Symbol.asyncIterator]();
        if (round % 2 === 0) await iterator?.next();
        await iterator?.return?.();
        expect((await iterator?.next())?.done).toBe(true);
      }
    });

    it('give a body that is read once', async () => {
      await store().put(`${folder()}once`, 'x');
      const body = (await store().get(`${folder()}once`))?.body ?? pattern(0);
      for await (const chunk of body) expect(chunk.byteLength).toBe(1);
      expect(() => body[Symbol.asyncIterator]()).toThrow('Cannot read a body twice');
    });

    it('stop at an abort with the reason of the signal, before and while the body is read', async () => {
      const key = `${folder()}aborted`;
      await store().put(key, pattern(4_000_000));
      const reason = new Error('Enough');
      const signal = AbortSignal.abort(reason);
      await expect(store().get(key, { signal })).rejects.toBe(reason);
      await expect(store().head(key, { signal })).rejects.toBe(reason);
      await expect(store().delete(key, { signal })).rejects.toBe(reason);
      const controller = new AbortController();
      const found = await store().get(key, { signal: controller.signal });
      const reading = async (): Promise<void> => {
        for await (const chunk of found?.body ?? []) if (chunk.byteLength > 0) controller.abort(reason);
      };
      await expect(reading()).rejects.toBe(reason);
      expect(await store().head(key)).toBeDefined();
    });
  });

  describe('presign', () => {
    it('gives a URL that reads the object without credentials', async ({ skip }) => {
      if (skips['presigned-reads'] !== undefined) skip(skips['presigned-reads']);
      if (!store().capabilities.presignedReads) skip('the capabilities deny presigned reads');
      const key = `${folder()}shared ☃ & more+.txt`;
      await store().put(key, 'shared', { contentType: 'text/plain' });
      const response = await fetch(await store().presign(key, { expiresInMs: 60_000 }));
      expect(response.status).toBe(200);
      expect(await response.text()).toBe('shared');
      for (const expiresInMs of [0, 999, 604_800_001, Number.NaN]) {
        await expect(store().presign(key, { expiresInMs })).rejects.toMatchObject({
          code: 'invalid_options',
        });
      }
    });

    it('is refused where the capabilities deny it', async ({ skip }) => {
      if (store().capabilities.presignedReads) skip('the capabilities promise presigned reads');
      const presigning = store().presign(`${folder()}x`, { expiresInMs: 60_000 });
      await expect(presigning).rejects.toMatchObject({ code: 'unsupported' });
    });
  });
}
