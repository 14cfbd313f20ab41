import { describe, expect, it } from 'vitest';
import { memoryObjectStore } from './memory/index.ts';
import { readBytes, readJson, readText } from './read-object.ts';
import { createJson, writeJson } from './write-json.ts';

describe('readBytes and readText', () => {
  it('give nothing for an object that is not there', async () => {
    const store = memoryObjectStore();
    expect(await readBytes(store, 'a')).toBeUndefined();
    expect(await readText(store, 'a')).toBeUndefined();
    expect(await readJson(store, 'a')).toBeUndefined();
  });

  it('refuse an object above the limit without reading it', async () => {
    const store = memoryObjectStore();
    await store.put('a', 'twelve bytes');
    expect(await readText(store, 'a', { maxBytes: 12 })).toBe('twelve bytes');
    const tooLarge = { code: 'too_large', details: { key: 'a', bytes: 12, maxBytes: 11 } };
    await expect(readBytes(store, 'a', { maxBytes: 11 })).rejects.toMatchObject(tooLarge);
  });

  it('do not trust the size that a store claims', async () => {
    const store = memoryObjectStore();
    await store.put('a', 'twelve bytes');
    const lying = {
      ...store,
      get: async (key: string) => ({ ...(await store.get(key)), bytes: 1 }),
    } as typeof store;
    await expect(readBytes(lying, 'a', { maxBytes: 11 })).rejects.toMatchObject({ code: 'too_large' });
  });

  it('refuse text that is not UTF-8, and keep a byte order mark', async () => {
    const store = memoryObjectStore();
    await store.put('latin1', Buffer.from([0xe9]));
    await store.put('bom', '\ufefftext');
    await expect(readText(store, 'latin1')).rejects.toMatchObject({
      code: 'object_corrupt',
      retryable: false,
    });
    expect(await readText(store, 'bom')).toBe('\ufefftext');
  });
});

describe('JSON objects', () => {
  it('are written with their content type and read back', async () => {
    const store = memoryObjectStore();
    await writeJson(store, 'a', { list: [1, null, 'é'] });
    expect(await readJson(store, 'a')).toEqual({ list: [1, null, 'é'] });
    expect((await store.head('a'))?.contentType).toBe('application/json');
    expect(await createJson(store, 'a', 1)).toEqual({ created: false });
    expect(await createJson(store, 'b', null)).toEqual({ created: true });
    expect(await readJson(store, 'b')).toBeNull();
  });

  it('are refused when they are no JSON, or name a prototype', async () => {
    const store = memoryObjectStore();
    await store.put('half', '{"a":');
    await store.put('proto', '{"__proto__":{}}');
    await expect(readJson(store, 'half')).rejects.toMatchObject({
      code: 'object_corrupt',
      details: { fault: 'bad_json' },
    });
    await expect(readJson(store, 'proto')).rejects.toMatchObject({ details: { fault: 'forbidden_key' } });
  });

  it('are not made of values without a JSON form', async () => {
    const store = memoryObjectStore();
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    for (const value of [undefined, () => 1, Symbol('x'), 1n, circular]) {
      await expect(writeJson(store, 'a', value)).rejects.toMatchObject({ code: 'invalid_payload' });
    }
    expect(await store.head('a')).toBeUndefined();
  });
});
