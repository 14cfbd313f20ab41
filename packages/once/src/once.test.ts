import { LongshoreError, release } from '@longshore/job';
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { manualClock, type ManualClock } from './fixtures/manual-clock.ts';
import { memoryOnceStore } from './memory/index.ts';
import { createOnce, type CreateOnceOptions, type Once, type OnceClaim } from './once.ts';
import type { HeldClaim, OnceStore } from './once-store.ts';

const LEASE_MS = 60_000;
const DAY_MS = 86_400_000;

interface Bench {
  readonly clock: ManualClock;
  readonly store: OnceStore;
  open(options?: Partial<CreateOnceOptions>): Once;
}

function bench(): Bench {
  const clock = manualClock();
  const store = memoryOnceStore({ clock });
  return { clock, store, open: (options = {}) => createOnce({ store, clock, ...options }) };
}

/** An effect that ends when the test says so. */
function controlled(): {
  readonly effect: (claim: OnceClaim) => Promise<string>;
  readonly claim: Promise<OnceClaim>;
  readonly finish: (result: string) => void;
  readonly fail: (error: unknown) => void;
} {
  const started = Promise.withResolvers<OnceClaim>();
  const ending = Promise.withResolvers<string>();
  return {
    effect: (claim) => {
      started.resolve(claim);
      return ending.promise;
    },
    claim: started.promise,
    finish: ending.resolve,
    fail: ending.reject,
  };
}

/** The store with calls of a held claim replaced. */
function tampered(store: OnceStore, change: (claim: HeldClaim) => Partial<HeldClaim>): OnceStore {
  return {
    claim: async (key, request) => {
      const answer = await store.claim(key, request);
      return answer.state === 'held'
        ? { ...answer, claim: { ...answer.claim, ...change(answer.claim) } }
        : answer;
    },
  };
}

/** What a call rejected with; its result if it did not. */
const outcomeOf = (running: Promise<unknown>): Promise<unknown> => running.catch((error: unknown) => error);

const outage = (): LongshoreError => new LongshoreError('once_unavailable', 'Down', { retryable: true });
const never = async (): Promise<never> => {
  throw new Error('The effect ran again');
};

describe('a lease', () => {
  it('is renewed while the effect runs, and no longer', async () => {
    const { clock, open } = bench();
    const { effect, finish } = controlled();
    const running = open().once('key', effect);
    await clock.advance(10 * LEASE_MS);
    await expect(open().once('key', never)).rejects.toMatchObject({ code: 'once_busy' });
    finish('done');
    expect(await running).toBe('done');
    expect(clock.pending()).toBe(0);
  });

  it('says in once_busy when it ends', async () => {
    const { clock, open } = bench();
    const { effect, finish, claim } = controlled();
    const running = open().once('key', effect);
    await claim;
    clock.jump(1_000);
    await expect(open().once('key', never)).rejects.toMatchObject({
      code: 'once_busy',
      retryable: true,
      details: { key: 'key', busyUntilMs: clock.nowMs() + LEASE_MS - 1_000, retryAfterMs: LEASE_MS - 1_000 },
    });
    finish('done');
    await running;
  });

  it('that ran out during a pause is taken over: the effect is told, and its result not recorded', async () => {
    const { clock, open } = bench();
    const [slow, quick] = [controlled(), controlled()];
    const zombie = open().once('key', slow.effect);
    const { signal, fence } = await slow.claim;
    clock.jump(LEASE_MS);
    const running = open().once('key', quick.effect);
    expect((await quick.claim).fence).toBe(fence + 1);
    expect(signal.aborted).toBe(false);
    await clock.advance(LEASE_MS / 2);
    expect(signal.reason).toMatchObject({ code: 'once_lost', details: { key: 'key', fence } });
    slow.finish('zombie');
    await expect(zombie).rejects.toMatchObject({ code: 'once_lost', retryable: true });
    quick.finish('owner');
    expect(await running).toBe('owner');
    expect(await open().once('key', never)).toBe('owner');
  });

  it('that ran out during a pause is kept when nobody took over', async () => {
    const { clock, open } = bench();
    const { effect, finish, claim } = controlled();
    const running = open().once('key', effect);
    const { signal } = await claim;
    clock.jump(2 * LEASE_MS);
    await clock.advance(LEASE_MS);
    expect(signal.aborted).toBe(false);
    finish('done');
    expect(await running).toBe('done');
  });

  it('survives renewals that fail, until it has run out', async () => {
    const { clock, store, open } = bench();
    const renew = vi.fn<HeldClaim['renew']>(async () => {
      throw outage();
    });
    const { effect, claim, finish } = controlled();
    const running = open({ store: tampered(store, () => ({ renew })) }).once('key', effect);
    const { signal } = await claim;
    await clock.advance(LEASE_MS - 1);
    expect(renew).toHaveBeenCalledTimes(2);
    expect(signal.aborted).toBe(false);
    await clock.advance(1);
    expect(signal.reason).toMatchObject({ code: 'once_lost', cause: { code: 'once_unavailable' } });
    // It may have been taken over, and was not: what the effect did counts.
    finish('done');
    expect(await running).toBe('done');
  });

  it('is not given back before a renewal under way has ended', async () => {
    const { clock, store, open } = bench();
    const renewal = Promise.withResolvers<boolean>();
    const calls: string[] = [];
    const changed = tampered(store, (held) => ({
      renew: () => renewal.promise,
      commit: (record) => {
        calls.push('commit');
        return held.commit(record);
      },
    }));
    const { effect, finish } = controlled();
    const running = open({ store: changed }).once('key', effect);
    await clock.advance(LEASE_MS / 3);
    finish('done');
    await clock.advance(0);
    expect(calls).toEqual([]);
    renewal.resolve(true);
    expect(await running).toBe('done');
    expect(calls).toEqual(['commit']);
  });
});

describe('a store that fails for a moment', () => {
  it('is asked again for a claim by the same owner, and for a commit', async () => {
    const { clock, store, open } = bench();
    let failures = 0;
    const losing = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
      await answer;
      failures += 1;
      if (failures % 2 === 1) throw outage();
      return await answer;
    };
    const inner = tampered(store, (held) => ({ commit: (record) => losing(held.commit(record)) }));
    const once = open({ store: { claim: (...call) => losing(inner.claim(...call)) } });
    const running = once.once('key', async ({ fence }) => fence);
    await clock.advance(1_000);
    expect(await running).toBe(1);
    expect(failures).toBe(4);
    expect(await open().once('key', never)).toBe(1);
  });

  it('does not undo an effect: the claim stands until its lease ends', async () => {
    const { clock, store, open } = bench();
    const broken = tampered(store, () => ({ commit: () => Promise.reject(outage()) }));
    const running = open({ store: broken }).once('key', async () => 'done');
    const [failed] = await Promise.all([outcomeOf(running), clock.advance(1_000)]);
    expect(failed).toMatchObject({ code: 'once_unavailable', retryable: true });
    await expect(open().once('key', never)).rejects.toMatchObject({ code: 'once_busy' });
  });

  it('is not asked again when that cannot help', async () => {
    const { open } = bench();
    const claim = vi.fn<OnceStore['claim']>(async () => {
      throw new LongshoreError('invalid_options', 'No such table');
    });
    await expect(open({ store: { claim } }).once('key', never)).rejects.toMatchObject({
      code: 'invalid_options',
    });
    expect(claim).toHaveBeenCalledTimes(1);
  });

  it('never hides the error of an effect', async () => {
    const { clock, store, open } = bench();
    const failure = new Error('The effect failed');
    const broken = tampered(store, () => ({ release: () => Promise.reject(outage()) }));
    const running = open({ store: broken }).once('key', () => Promise.reject(failure));
    const [failed] = await Promise.all([outcomeOf(running), clock.advance(1_000)]);
    expect(failed).toBe(failure);
  });
});

describe('a signal', () => {
  const reason = new Error('Draining');

  it('that has aborted starts nothing', async () => {
    const { store, open } = bench();
    const claim = vi.fn<OnceStore['claim']>(store.claim);
    const call = open({ store: { claim } }).once('key', never, { signal: AbortSignal.abort(reason) });
    await expect(call).rejects.toBe(reason);
    expect(claim).not.toHaveBeenCalled();
  });

  it('that aborts while the key is claimed starts no effect, and gives the claim up', async () => {
    const { store, open } = bench();
    const controller = new AbortController();
    const aborting: OnceStore = {
      claim: async (...call) => {
        const answer = await store.claim(...call);
        controller.abort(reason);
        return answer;
      },
    };
    await expect(open({ store: aborting }).once('key', never, { signal: controller.signal })).rejects.toBe(
      reason,
    );
    expect(await open().once('key', async ({ fence }) => fence)).toBe(2);
  });

  it('reaches the effect; what returns nevertheless is recorded', async () => {
    const { open } = bench();
    const controller = new AbortController();
    const { effect, claim, finish } = controlled();
    const running = open().once('key', effect, { signal: controller.signal });
    const { signal } = await claim;
    controller.abort(reason);
    expect(signal.reason).toBe(reason);
    finish('done');
    expect(await running).toBe('done');
    expect(await open().once('key', never)).toBe('done');
  });
});

describe('a result', () => {
  it('is remembered for 30 days', async () => {
    const { clock, open } = bench();
    await open().once('key', async () => 'first');
    clock.jump(30 * DAY_MS - 1);
    expect(await open().once('key', never)).toBe('first');
    clock.jump(1);
    expect(await open().once('key', async () => 'second')).toBe('second');
  });

  it('of a record that somebody else wrote is refused', async () => {
    const { store, open } = bench();
    for (const [index, record] of ['no JSON', '[]', 'null', '7'].entries()) {
      const answer = await store.claim(String(index), { owner: 'x', leaseMs: LEASE_MS, retentionMs: DAY_MS });
      if (answer.state === 'held') await answer.claim.commit(record);
      await expect(open().once(String(index), never)).rejects.toMatchObject({ code: 'once_corrupt' });
    }
  });
});

describe('a key', () => {
  it('is a text of 1 to 1,024 bytes', async () => {
    const { open } = bench();
    const wrong: unknown[] = ['', 'x'.repeat(1_025), '€'.repeat(342), 'half \ud83d', undefined, 7];
    for (const key of wrong) {
      await expect(open().once(key as string, never)).rejects.toMatchObject({ code: 'invalid_key' });
    }
    for (const key of ['x', 'x'.repeat(1_024), '€'.repeat(341)]) {
      expect(await open().once(key, async () => key.length)).toBe(key.length);
    }
  });
});

describe('createOnce', () => {
  const store = memoryOnceStore();

  it('names every option that is out of range', () => {
    const create = (): Once =>
      createOnce({ store, leaseMs: 999, retentionMs: Infinity, queueRetentionMs: -1 });
    expect(create).toThrow(/leaseMs is 999.*retentionMs is Infinity.*queueRetentionMs is -1/);
    expect(() => createOnce({ store, leaseMs: Number.NaN })).toThrow(/leaseMs is NaN/);
    expect(() => createOnce({ store, leaseMs: 43_200_001 })).toThrow(/leaseMs is 43200001/);
    expect(() => createOnce({ store, leaseMs: 60_000, retentionMs: 59_999 })).toThrow(/at least leaseMs/);
  });

  it('refuses to forget effects whose jobs can still come again', () => {
    expect(() => createOnce({ store, queueRetentionMs: 28 * DAY_MS })).not.toThrow();
    expect(() => createOnce({ store, queueRetentionMs: 31 * DAY_MS })).toThrow(/retentionMs is 30d.*for 31d/);
    expect(() => createOnce({ store, retentionMs: DAY_MS, queueRetentionMs: DAY_MS })).not.toThrow();
    expect(() => createOnce({ store, retentionMs: DAY_MS - 1, queueRetentionMs: DAY_MS })).toThrow(
      expect.objectContaining({ code: 'invalid_options' }) as Error,
    );
  });

  it('gives something that can be passed on by its shape', () => {
    interface Shape {
      once<Result>(
        key: string,
        effect: (claim: { fence: number; signal: AbortSignal }) => Promise<Result>,
        options?: { signal?: AbortSignal },
      ): Promise<Result>;
    }
    expectTypeOf<Once>().toExtend<Shape>();
    expectTypeOf<Shape>().toExtend<Once>();
  });

  it('answers a handler in its own words', async () => {
    const { clock, open } = bench();
    const { effect, finish, claim } = controlled();
    const running = open().once('key', effect);
    await claim;
    const directive = await open()
      .once('key', never)
      .catch((error: unknown) => {
        if (!(error instanceof LongshoreError) || error.code !== 'once_busy') throw error;
        return release({ delayMs: Number(error.details['retryAfterMs']) });
      });
    expect(directive).toEqual({ kind: 'release', delayMs: LEASE_MS });
    finish('done');
    await running;
    expect(clock.pending()).toBe(0);
  });
});
