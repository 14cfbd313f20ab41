import { memoryObjectStore } from '@longshore/objects/memory';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../fixtures/manual-clock.ts';
import { objectsLease } from './objects-lease.ts';

const LEASE_MS = 30_000;

describe('a lease in an object store', () => {
  it('goes to one of two who ask at once, and stays with it while it renews', async () => {
    const clock = manualClock();
    const objects = memoryObjectStore();
    const leases = ['a', 'b'].map((holder) => objectsLease({ objects, holder, leaseMs: LEASE_MS, clock }));
    const first = await Promise.all(leases.map((lease) => lease.renew()));
    expect(first.filter(({ isLeader }) => isLeader)).toHaveLength(1);
    for (let round = 0; round < 20; round += 1) {
      await clock.advance(10_000);
      const now = await Promise.all(leases.map((lease) => lease.renew()));
      expect(now.map(({ isLeader }) => isLeader)).toEqual(first.map(({ isLeader }) => isLeader));
      expect(now.every(({ term }) => term === 1)).toBe(true);
    }
  });

  it('passes on when its holder is silent for a lease, with a higher term', async () => {
    const clock = manualClock();
    const objects = memoryObjectStore();
    const lost = objectsLease({ objects, holder: 'a', leaseMs: LEASE_MS, clock });
    const ready = objectsLease({ objects, holder: 'b', leaseMs: LEASE_MS, clock });
    const { untilMs } = await lost.renew();
    await ready.renew();
    await clock.advance(LEASE_MS - 1);
    expect(untilMs).toBeLessThan(clock.nowMs());
    expect(await ready.renew()).toMatchObject({ isLeader: false });
    await clock.advance(1);
    expect(await ready.renew()).toMatchObject({ isLeader: true, term: 2 });
    expect(await lost.renew()).toMatchObject({ isLeader: false, term: 2 });
  });

  it('passes on at once when it is released', async () => {
    const clock = manualClock();
    const objects = memoryObjectStore();
    const leaving = objectsLease({ objects, holder: 'a', leaseMs: LEASE_MS, clock });
    const ready = objectsLease({ objects, holder: 'b', leaseMs: LEASE_MS, clock });
    await leaving.renew();
    await ready.renew();
    await leaving.release();
    expect(await ready.renew()).toMatchObject({ isLeader: true, term: 2 });
  });

  it('keeps no more than two objects however long it lives', async () => {
    const clock = manualClock();
    const objects = memoryObjectStore();
    for (let term = 0; term < 20; term += 1) {
      const lease = objectsLease({ objects, holder: `h${term}`, leaseMs: LEASE_MS, clock });
      await lease.renew();
      await clock.advance(LEASE_MS);
      await lease.renew();
      await lease.release();
    }
    const keys = [];
    for await (const { key } of objects.list('autoscaler/leader/')) keys.push(key);
    expect(keys.length).toBeLessThanOrEqual(2);
  });

  it('says that the store is away, and that it may come back', async () => {
    const objects = memoryObjectStore();
    await objects.close();
    await expect(objectsLease({ objects, holder: 'a' }).renew()).rejects.toMatchObject({
      code: 'lease_unavailable',
      retryable: true,
    });
  });

  it('never has two leaders at a time, whoever pauses for however long and whatever their clocks show', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ who: fc.nat({ max: 2 }), afterMs: fc.nat({ max: 40_000 }) }), { maxLength: 60 }),
        fc.tuple(fc.nat({ max: 1e9 }), fc.nat({ max: 1e9 }), fc.nat({ max: 1e9 })),
        async (steps, skews) => {
          const clock = manualClock();
          const objects = memoryObjectStore();
          const skewed = skews.map((skewMs) => ({ ...clock, nowMs: () => clock.nowMs() + skewMs }));
          const leases = skewed.map((own, index) =>
            objectsLease({ objects, holder: `h${index}`, leaseMs: LEASE_MS, clock: own }),
          );
          const until = [0, 0, 0];
          const terms: number[] = [];
          for (const { who, afterMs } of steps) {
            await clock.advance(afterMs);
            const { isLeader, term, untilMs } = (await leases[who]?.renew()) ?? {
              isLeader: false,
              term: 0,
              untilMs: 0,
            };
            until[who] = isLeader ? untilMs - (skews[who] ?? 0) : 0;
            const leading = until.filter((endMs) => endMs > clock.nowMs());
            expect(leading.length).toBeLessThanOrEqual(1);
            if (isLeader && terms.at(-1) !== term) terms.push(term);
          }
          expect(terms).toEqual([...new Set(terms)].toSorted((left, right) => left - right));
        },
      ),
    );
  });
});
