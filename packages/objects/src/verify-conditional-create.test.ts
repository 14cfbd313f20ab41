import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { memoryObjectStore } from './memory/index.ts';
import type { ObjectStore } from './object-store.ts';
import { verifyConditionalCreate } from './verify-conditional-create.ts';

async function keysOf(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('')) keys.push(key);
  return keys;
}

describe('verifyConditionalCreate', () => {
  it('finds a store that writes whether the key is free or not', async () => {
    const store = memoryObjectStore();
    const create: ObjectStore['create'] = async (key, body) => {
      await store.put(key, body);
      return { created: true };
    };
    const verifying = verifyConditionalCreate({ ...store, create }, { prefix: 'probe' });
    await expect(verifying).rejects.toThrow(
      'of 2 creates of one key one after the other, 2 of them succeeded, expected 1',
    );
    expect(await keysOf(store)).toEqual([]);
  });

  it('finds a store that answers right and overwrites all the same', async () => {
    const store = memoryObjectStore();
    const create: ObjectStore['create'] = async (key, body) => {
      const outcome = await store.create(key, body);
      await store.put(key, body);
      return outcome;
    };
    const verifying = verifyConditionalCreate({ ...store, create }, { prefix: 'probe' });
    await expect(verifying).rejects.toThrow('the object of the winner was changed');
    expect(await keysOf(store)).toEqual([]);
  });

  it('finds a store that looks and writes in two steps', async () => {
    const store = memoryObjectStore();
    const create: ObjectStore['create'] = async (key, body) => {
      if ((await store.head(key)) !== undefined) return { created: false };
      await setImmediate();
      await store.put(key, body);
      return { created: true };
    };
    const verifying = verifyConditionalCreate({ ...store, create }, { prefix: 'probe' });
    await expect(verifying).rejects.toMatchObject({
      code: 'conditional_writes_ignored',
      details: { attempts: 8, winners: 8 },
    });
    expect(await keysOf(store)).toEqual([]);
  });

  it('says its finding even when its probes cannot be removed', async () => {
    const store = memoryObjectStore();
    const broken: ObjectStore = {
      ...store,
      create: () => Promise.resolve({ created: true }),
      delete: () => Promise.reject(new Error('No permission to delete')),
    };
    await expect(verifyConditionalCreate(broken, { prefix: 'probe' })).rejects.toMatchObject({
      code: 'conditional_writes_ignored',
    });
    const undeletable: ObjectStore = { ...store, delete: broken.delete };
    await expect(verifyConditionalCreate(undeletable, { prefix: 'probe' })).rejects.toThrow(
      'No permission to delete',
    );
  });
});
