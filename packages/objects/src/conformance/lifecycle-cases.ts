/** Cases of `close`. */
import { describe, expect, it } from 'vitest';
import { readText } from '../read-object.ts';
import { listed, newFolder, pattern, type Running } from './suite.ts';

export function lifecycleCases({ open }: Running): void {
  describe('close', () => {
    it('makes every later call fail with "closed", and can be called again', async () => {
      const { store, close } = await open();
      const folder = newFolder();
      await store.put(`${folder}x`, 'x');
      await store.close();
      await store.close();
      await store[Symbol.asyncDispose]();
      const closed = { code: 'closed' };
      await expect(store.put(`${folder}x`, 'y')).rejects.toMatchObject(closed);
      await expect(store.create(`${folder}y`, 'y')).rejects.toMatchObject(closed);
      await expect(store.get(`${folder}x`)).rejects.toMatchObject(closed);
      await expect(store.head(`${folder}x`)).rejects.toMatchObject(closed);
      await expect(store.delete(`${folder}x`)).rejects.toMatchObject(closed);
      await expect(store.presign(`${folder}x`, { expiresInMs: 1_000 })).rejects.toMatchObject(closed);
      await expect(listed(store, folder)).rejects.toMatchObject(closed);
      await close?.();
    });

    it('is fine for a store that was never used', async () => {
      const { store, close } = await open();
      await expect(store.close()).resolves.toBeUndefined();
      await close?.();
    });

    it('waits for writes under way, and leaves open bodies readable', async () => {
      const { store, close } = await open();
      const folder = newFolder();
      await store.put(`${folder}read`, pattern(500_000));
      const body = (await store.get(`${folder}read`))?.body ?? pattern(0);
      let isWritten = false;
      const writing = store.put(`${folder}write`, pattern(500_000)).then(() => {
        isWritten = true;
      });
      await store.close();
      expect(isWritten).toBe(true);
      await writing;
      let bytes = 0;
      for await (const chunk of body) bytes += chunk.byteLength;
      expect(bytes).toBe(500_000);
      await close?.();
    });

    it('does not close other stores on the same objects', async () => {
      const first = await open();
      const second = await open();
      await first.store.close();
      const key = `${newFolder()}x`;
      await second.store.put(key, 'x');
      expect(await readText(second.store, key)).toBe('x');
      await second.store.close();
      await first.close?.();
      await second.close?.();
    });
  });
}
