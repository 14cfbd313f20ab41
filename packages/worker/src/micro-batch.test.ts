import { LongshoreError } from '@longshore/job';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manualClock, settled } from './fixtures/manual-clock.ts';
import { microBatch, type MicroBatchOptions } from './micro-batch.ts';
import type { RecordOutcome } from './write-batch.ts';

const good = (items: readonly number[]): RecordOutcome<number>[] =>
  items.map((item) => ({ ok: true, value: item * 10 }));

/** A batcher on a clock of its own, with what it wrote. */
function open(options: Partial<MicroBatchOptions<number, number>> = {}) {
  const clock = manualClock();
  const writes: (readonly number[])[] = [];
  const { write = (items) => Promise.resolve(good(items)) } = options;
  const batch = microBatch<number, number>({
    clock,
    ...options,
    write(items, context) {
      writes.push(items);
      return write(items, context);
    },
  });
  return { batch, clock, writes };
}

describe('a micro-batcher', () => {
  it('writes a full batch at once, and the rest when its first item has waited long enough', async () => {
    const { batch, clock, writes } = open({ maxItems: 3, maxWaitMs: 50 });
    const all = Promise.all([1, 2, 3, 4, 5].map((item) => batch.add(item)));
    expect(writes).toEqual([[1, 2, 3]]);
    await clock.advance(49);
    expect(writes).toEqual([[1, 2, 3]]);
    await clock.advance(1);
    expect(writes).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
    expect(await all).toEqual([10, 20, 30, 40, 50]);
    expect(clock.timers).toBe(0);
  });

  it('starts the wait anew for the first item of each batch', async () => {
    const { batch, clock, writes } = open({ maxWaitMs: 50 });
    const first = batch.add(1);
    await clock.advance(50);
    await first;
    await clock.advance(40);
    const second = batch.add(2);
    await clock.advance(49);
    expect(writes).toEqual([[1]]);
    await clock.advance(1);
    await second;
    expect(writes).toEqual([[1], [2]]);
  });

  it('keeps a batch under its bytes, and lets a larger item travel alone', async () => {
    const { batch, writes } = open({ maxBytes: 10, sizeOf: (item) => item });
    const all = Promise.all([4, 5, 3, 40, 1].map((item) => batch.add(item)));
    await batch.flush();
    await all;
    expect(writes).toEqual([[4, 5], [3], [40], [1]]);
  });

  it('gathers what comes while a batch is being written', async () => {
    const gate = Promise.withResolvers<void>();
    const { batch, clock, writes } = open({
      maxItems: 10,
      maxWaitMs: 5,
      write: async (items) => {
        if (items.includes(1)) await gate.promise;
        return good(items);
      },
    });
    const first = batch.add(1);
    await clock.advance(5);
    const others = Promise.all([2, 3].map((item) => batch.add(item)));
    await clock.advance(50);
    expect(writes).toEqual([[1]]);
    gate.resolve();
    await settled();
    expect(writes).toEqual([[1], [2, 3]]);
    expect(await Promise.all([first, others])).toEqual([10, [20, 30]]);
  });

  it('gives each item its own outcome', async () => {
    const { batch } = open({
      write: (items) =>
        Promise.resolve(
          items.map((item) =>
            item === 2 ? { ok: false, error: new Error('Two is no good') } : { ok: true, value: item },
          ),
        ),
    });
    const all = Promise.allSettled([1, 2, 3].map((item) => batch.add(item)));
    await batch.flush();
    expect((await all).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('fails items that the writer says nothing of', async () => {
    const { batch } = open({ write: () => Promise.resolve([{ ok: true, value: 1 }]) });
    const all = Promise.allSettled([1, 2].map((item) => batch.add(item)));
    await batch.flush();
    expect(await all).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'handler_failed', retryable: true } },
    ]);
  });

  it('halves a batch that fails until only the poison fails, whatever is poison', async () => {
    const cases = fc.record({
      items: fc.uniqueArray(fc.nat(1_000), { minLength: 1, maxLength: 60 }),
      every: fc.integer({ min: 1, max: 9 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ items, every }) => {
        const kept: number[] = [];
        const { batch, writes } = open({
          write: async (chunk) => {
            await Promise.resolve();
            if (chunk.some((item) => item % every === 0)) throw new Error('Row refused');
            kept.push(...chunk);
            return good(chunk);
          },
        });
        const all = Promise.allSettled(items.map((item) => batch.add(item)));
        await batch.flush();
        const isFulfilled = (await all).map(({ status }) => status === 'fulfilled');
        expect(isFulfilled).toEqual(items.map((item) => item % every !== 0));
        expect(kept).toEqual(items.filter((item) => item % every !== 0));
        expect(writes.length).toBeLessThan(2 * items.length);
      }),
    );
  });

  it('does not halve a batch whose store is down', async () => {
    const down = new LongshoreError('dependency_down', 'The database is down', { retryable: true });
    const { batch, writes } = open({ write: () => Promise.reject(down) });
    const all = Promise.allSettled([1, 2, 3].map((item) => batch.add(item)));
    await batch.flush();
    expect(writes).toHaveLength(1);
    expect(await all).toEqual([1, 2, 3].map(() => ({ status: 'rejected', reason: down })));
  });

  it('leaves out an item that is given up before it is written', async () => {
    const { batch, writes } = open();
    const gone = new AbortController();
    const first = batch.add(1, { signal: gone.signal });
    const second = batch.add(2);
    gone.abort(new Error('Lease lost'));
    await expect(first).rejects.toThrow('Lease lost');
    await batch.flush();
    expect(await second).toBe(20);
    expect(writes).toEqual([[2]]);
    await expect(batch.add(3, { signal: gone.signal })).rejects.toThrow('Lease lost');
  });

  it('aborts a write only when nobody waits for it any more', async () => {
    const started = Promise.withResolvers<AbortSignal>();
    const { batch } = open({
      maxItems: 2,
      write: (_items, { signal }) => {
        started.resolve(signal);
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('Gave up')));
        });
      },
    });
    const [one, two] = [new AbortController(), new AbortController()];
    const all = Promise.allSettled([
      batch.add(1, { signal: one.signal }),
      batch.add(2, { signal: two.signal }),
    ]);
    const signal = await started.promise;
    one.abort(new Error('Gone'));
    expect(signal.aborted).toBe(false);
    two.abort(new Error('Gone too'));
    expect(signal.aborted).toBe(true);
    expect((await all).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await batch.close();
  });

  it('writes what waits when it is closed, and takes nothing after', async () => {
    const { batch, clock } = open();
    const last = batch.add(1);
    await batch.close();
    expect(await last).toBe(10);
    await expect(batch.add(2)).rejects.toMatchObject({ code: 'closed' });
    await batch.close();
    expect(clock.timers).toBe(0);
  });

  it('refuses limits that no batch can keep, all at once', () => {
    expect(() => open({ maxItems: 0, maxBytes: 0, maxWaitMs: -1, concurrency: 1.5 })).toThrow(
      /maxItems is 0.*concurrency is 1\.5.*maxBytes is 0.*maxWaitMs is -1/u,
    );
  });
});
