/** Random histories on virtual time: the memory store is the model, whose rules can be read; the objects store is held to it. */
import { memoryObjectStore } from '@longshore/objects/memory';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manualClock } from './fixtures/manual-clock.ts';
import { memoryOnceStore } from './memory/index.ts';
import { objectsOnceStore } from './objects/index.ts';
import type { HeldClaim, OnceStore } from './once-store.ts';

const LEASE_MS = 10;
const RETENTION_MS = 30;

type Step =
  | { readonly kind: 'claim'; readonly owner: number }
  | { readonly kind: 'renew' | 'commit' | 'release'; readonly held: number }
  | { readonly kind: 'wait'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('claim' as const), owner: fc.nat(3) }),
  fc.record({
    kind: fc.constantFrom('renew' as const, 'commit' as const, 'release' as const),
    held: fc.nat(5),
  }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 25 }) }),
);

/** What a store says to each step of a history. */
function player(store: OnceStore): (step: Step, index: number) => Promise<unknown> {
  const held: HeldClaim[] = [];
  return async (each, index) => {
    switch (each.kind) {
      case 'claim': {
        // An owner claims once; the number only makes some histories have more of them.
        const answer = await store.claim('key', {
          owner: `${each.owner}:${index}`,
          leaseMs: LEASE_MS,
          retentionMs: RETENTION_MS,
        });
        if (answer.state !== 'held') return answer;
        held.push(answer.claim);
        return { state: 'held', fence: answer.claim.fence };
      }
      case 'renew':
        return await held[each.held]?.renew(LEASE_MS);
      case 'commit':
        return await held[each.held]?.commit(`result of ${each.held}`);
      case 'release':
        return await held[each.held]?.release();
      case 'wait':
        return undefined;
    }
  };
}

function isHeld(answer: unknown): answer is { readonly fence: number } {
  return typeof answer === 'object' && answer !== null && 'fence' in answer;
}

describe('drivers', () => {
  it('agree on every history, in which fences grow by one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        const clock = manualClock();
        const model = player(memoryOnceStore({ clock }));
        const driver = player(objectsOnceStore({ objects: memoryObjectStore(), clock }));
        const fences: number[] = [];
        for (const [index, each] of steps.entries()) {
          if (each.kind === 'wait') clock.jump(each.ms);
          const expected = await model(each, index);
          expect(await driver(each, index)).toEqual(expected);
          if (isHeld(expected)) fences.push(expected.fence);
        }
        expect(fences).toEqual(fences.map((_, index) => index + 1));
      }),
      { numRuns: 300 },
    );
  });
});
