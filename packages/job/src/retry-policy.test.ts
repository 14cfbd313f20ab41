import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextDelayMs, retryPolicy } from './retry-policy.ts';

describe('nextDelayMs', () => {
  it('doubles from the base to the ceiling without jitter', () => {
    const policy = retryPolicy({ baseDelayMs: 100, maxDelayMs: 1_000, jitter: 'none' });
    expect([1, 2, 3, 4, 5, 50].map((failures) => nextDelayMs(policy, failures))).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ]);
  });

  it('stays between half the delay and the delay, whatever the random number', () => {
    const policy = retryPolicy();
    const plain = retryPolicy({ jitter: 'none' });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        (failures, random) => {
          const delayMs = nextDelayMs(policy, failures, () => random);
          const fullMs = nextDelayMs(plain, failures);
          expect(delayMs).toBeGreaterThanOrEqual(Math.floor(fullMs / 2));
          expect(delayMs).toBeLessThanOrEqual(fullMs);
        },
      ),
    );
  });
});
