import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ObjectStore } from '@longshore/objects';
import { fsObjectStore } from '@longshore/objects/fs';
import { memoryObjectStore } from '@longshore/objects/memory';
import { describe, expect, it } from 'vitest';
import { describeOnceStore } from '../conformance/index.ts';
import { onceKeyHash } from '../key.ts';
import type { HeldClaim } from '../once-store.ts';
import { objectsOnceStore } from './objects-once-store.ts';

const DAY_MS = 86_400_000;

describeOnceStore({
  name: 'objects (memory)',
  open: async () => ({ store: objectsOnceStore({ objects: memoryObjectStore() }) }),
});

describeOnceStore({
  name: 'objects (fs)',
  open: async () => {
    const root = await mkdtemp(join(tmpdir(), 'longshore-once-'));
    const objects = fsObjectStore({ root, durable: false });
    return {
      store: objectsOnceStore({ objects }),
      close: async () => {
        await objects.close();
        await rm(root, { recursive: true, force: true });
      },
    };
  },
});

const request = (owner: string): { owner: string; leaseMs: number; retentionMs: number } => ({
  owner,
  leaseMs: 60_000,
  retentionMs: DAY_MS,
});

async function hold(objects: ObjectStore, owner: string, nowMs = Date.now()): Promise<HeldClaim> {
  const clock = { nowMs: () => nowMs, after: () => ({ cancel: () => undefined }) };
  const answer = await objectsOnceStore({ objects, clock }).claim('key', request(owner));
  if (answer.state !== 'held') throw new Error(`The claim was ${answer.state}`);
  return answer.claim;
}

/** A store whose creates do what they should, and then fail as if the reply was lost, `times` times. */
function losingReplies(inner: ObjectStore, times: number): ObjectStore {
  let left = times;
  return {
    ...inner,
    create: async (...call) => {
      const answer = await inner.create(...call);
      left -= 1;
      if (left >= 0) throw new Error('The reply was lost');
      return answer;
    },
  };
}

async function keysOf(objects: ObjectStore): Promise<string[]> {
  return (await Array.fromAsync(objects.list(''))).map(({ key }) => key);
}

describe('the objects once store', () => {
  it('writes two objects for an effect, under the hash of its key', async () => {
    const objects = memoryObjectStore();
    await (await hold(objects, 'a')).commit('{}');
    const keys = await keysOf(objects);
    expect(keys).toHaveLength(2);
    for (const key of keys) expect(key.startsWith(`once/${onceKeyHash('key')}/`)).toBe(true);
  });

  it('takes its own writes for its own when their replies were lost', async () => {
    const inner = memoryObjectStore();
    await expect(hold(losingReplies(inner, 1), 'a')).rejects.toThrow('The reply was lost');
    const objects = losingReplies(inner, 2);
    const claim = await hold(objects, 'a');
    expect(claim.fence).toBe(1);
    await expect(claim.renew(60_000)).rejects.toThrow('The reply was lost');
    expect(await hold(objects, 'a')).toMatchObject({ fence: 1 });
    await expect(claim.commit('{}')).rejects.toThrow('The reply was lost');
    expect(await claim.commit('{}')).toBe(true);
    expect(await objectsOnceStore({ objects }).claim('key', request('b'))).toEqual({
      state: 'done',
      record: '{}',
    });
  });

  it('knows the latest state when a lifecycle rule has removed older steps', async () => {
    const objects = memoryObjectStore();
    const claim = await hold(objects, 'a');
    await claim.renew(60_000);
    await claim.commit('{}');
    // Listed from the latest to the oldest.
    for (const key of (await keysOf(objects)).slice(1)) await objects.delete(key);
    expect(await objectsOnceStore({ objects }).claim('key', request('b'))).toEqual({
      state: 'done',
      record: '{}',
    });
    expect((await hold(objects, 'b', Date.now() + 2 * DAY_MS)).fence).toBe(2);
  });

  it('says when an object of its prefix is somebody else’s', async () => {
    const objects = memoryObjectStore();
    for (const body of [
      'no JSON',
      '[]',
      '{"number":1}',
      '{"number":1,"fence":1,"owner":"a","untilMs":1,"state":"done"}',
    ]) {
      await objects.put(`once/${onceKeyHash('key')}/1`, body);
      await expect(hold(objects, 'a')).rejects.toMatchObject({ code: 'once_corrupt' });
    }
  });

  it('gives up on a store that refuses creates and shows nothing', async () => {
    const objects: ObjectStore = { ...memoryObjectStore(), create: async () => ({ created: false }) };
    await expect(hold(objects, 'a')).rejects.toMatchObject({ code: 'once_unavailable', retryable: true });
  });
});
