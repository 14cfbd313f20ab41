import { describe, expect, it } from 'vitest';
import { describeObjectStore } from '../conformance/index.ts';
import { readText } from '../read-object.ts';
import { memoryObjectStore } from './memory-object-store.ts';

describeObjectStore({
  name: 'memory',
  open: async () => ({ store: memoryObjectStore() }),
  skips: { 'bounded-memory': 'it keeps its objects in the memory of this process' },
});

describe('memoryObjectStore', () => {
  it('keeps its objects when the arrays around them change', async () => {
    const store = memoryObjectStore();
    const body = Buffer.from('original');
    await store.put('key', body);
    body.fill('x');
    for await (const chunk of (await store.get('key'))?.body ?? []) chunk.fill(0);
    expect(await readText(store, 'key')).toBe('original');
  });

  it('takes the time from its clock', async () => {
    const store = memoryObjectStore({
      clock: { nowMs: () => 1_234.5, after: () => ({ cancel: () => undefined }) },
    });
    expect((await store.put('key', 'x')).modifiedAtMs).toBe(1_234);
  });
});
