import type { Envelope } from '@longshore/job';
import { memoryObjectStore } from '@longshore/objects/memory';
import { describe, expect, it } from 'vitest';
import { releaseClaim, resolveClaim, storeClaim } from './claim-check.ts';

const envelope: Envelope = {
  id: 'job-1',
  name: 'note',
  version: 1,
  payload: { text: 'é' },
  idempotencyKey: 'k',
  enqueuedAtMs: 1,
  attempts: [],
};

describe('a claim', () => {
  it('gives its payload back, and nothing after it is released', async () => {
    const objects = memoryObjectStore();
    const claimed = await storeClaim(envelope, objects, 'notes');
    expect(claimed).not.toHaveProperty('payload');
    expect(await resolveClaim(claimed, objects, { queue: 'notes' })).toEqual({
      ok: true,
      payload: { text: 'é' },
    });
    await releaseClaim(claimed, objects, { queue: 'notes' });
    expect(await resolveClaim(claimed, objects, { queue: 'notes' })).toMatchObject({
      ok: false,
      error: { code: 'claim_missing' },
    });
  });

  it.each([
    'attempts/notes/1.json',
    'claims/other/job-1.json',
    'claims/notes/../../secret',
    'claims/notes/a/b.json',
    'claims/notes/',
  ])('that names "%s" is refused, unread, and never deleted', async (key) => {
    const objects = memoryObjectStore();
    await objects.put('attempts/notes/1.json', 'secret');
    await objects.put('claims/other/job-1.json', 'secret');
    const foreign: Envelope = { ...envelope, claim: { key, bytes: 6, sha256: 'a' } };
    expect(await resolveClaim(foreign, objects, { queue: 'notes' })).toMatchObject({
      ok: false,
      error: { code: 'claim_corrupt' },
    });
    await releaseClaim(foreign, objects, { queue: 'notes' });
    expect(await Array.fromAsync(objects.list(''))).toHaveLength(2);
  });

  it('whose object was changed is corrupt', async () => {
    const objects = memoryObjectStore();
    const claimed = await storeClaim(envelope, objects, 'notes');
    await objects.put('claims/notes/job-1.json', '{"text":"e"}');
    expect(await resolveClaim(claimed, objects, { queue: 'notes' })).toMatchObject({
      ok: false,
      error: { code: 'claim_corrupt' },
    });
    await objects.put('claims/notes/job-1.json', 'x'.repeat(10_000));
    expect(await resolveClaim(claimed, objects, { queue: 'notes' })).toMatchObject({
      ok: false,
      error: { code: 'claim_corrupt' },
    });
  });

  it('cannot be read by a worker without an object store, which is told what to pass', async () => {
    const claimed = await storeClaim(envelope, memoryObjectStore(), 'notes');
    expect(await resolveClaim(claimed, undefined, { queue: 'notes' })).toMatchObject({
      ok: false,
      error: { code: 'unsupported', message: expect.stringContaining('`objects`') as string },
    });
  });
});
