import { describe, expect, it } from 'vitest';
import { decide, DISABLE_AFTER_MS, RETRY_SCHEDULE_MS, type TryFacts } from './decide.ts';

const NOW_MS = 1_800_000_000_000;
const healthy = { failures: 0 };
const failed = { kind: 'failed', status: 500, error: 'Status 500' } as const;

function after(facts: Partial<TryFacts>): ReturnType<typeof decide> {
  return decide({ endpoint: healthy, attempt: 1, result: failed, nowMs: NOW_MS, random: 0.5, ...facts });
}

describe('what follows from a try', () => {
  it('is nothing more when it was delivered', () => {
    expect(after({ result: { kind: 'delivered', status: 204 } })).toEqual({ next: { state: 'delivered' } });
  });

  it('is a closed breaker when it was delivered after failures', () => {
    const endpoint = { failures: 7, failingSinceMs: NOW_MS - 1 };
    expect(after({ endpoint, result: { kind: 'delivered' } }).endpoint).toEqual({
      failures: 0,
      failingSinceMs: undefined,
      openUntilMs: 0,
    });
  });

  it('is the next try of the schedule, ten in all, over 75.6 hours', () => {
    expect(RETRY_SCHEDULE_MS.reduce((sum, each) => sum + each, 0) / 3_600_000).toBeCloseTo(75.6, 1);
    const delays = RETRY_SCHEDULE_MS.map((_, index) => after({ attempt: index + 1 }).next);
    expect(delays).toEqual([
      ...[
        5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 50_400_000, 72_000_000, 86_400_000,
      ].map((delayMs) => ({ state: 'pending', dueAtMs: NOW_MS + delayMs })),
      { state: 'exhausted' },
    ]);
  });

  it('spreads tries by a tenth', () => {
    expect(after({ attempt: 2, random: 0 }).next).toEqual({ state: 'pending', dueAtMs: NOW_MS + 270_000 });
    expect(after({ attempt: 2, random: 1 }).next).toEqual({ state: 'pending', dueAtMs: NOW_MS + 330_000 });
  });

  it('waits at least as long as the receiver asks, and so does everything else for it', () => {
    const decision = after({ result: { kind: 'throttled', status: 429, error: '', retryAfterMs: 900_000 } });
    expect(decision.next).toEqual({ state: 'pending', dueAtMs: NOW_MS + 900_000 });
    expect(decision.endpoint).toMatchObject({ openUntilMs: NOW_MS + 900_000 });
  });

  it('gives a receiver that has too much to do half a minute', () => {
    expect(after({ result: { kind: 'throttled', status: 504, error: '' } }).endpoint).toMatchObject({
      openUntilMs: NOW_MS + 30_000,
    });
  });

  it('opens the breaker after five failures in a row, longer with each, up to an hour', () => {
    const openMs = Array.from({ length: 16 }, (_, failures) => {
      const openUntilMs = after({ endpoint: { failures } }).endpoint?.openUntilMs ?? 0;
      return openUntilMs === 0 ? 0 : openUntilMs - NOW_MS;
    });
    expect(openMs.slice(0, 7)).toEqual([0, 0, 0, 0, 30_000, 60_000, 120_000]);
    expect(openMs.at(-1)).toBe(3_600_000);
  });

  it('disables an endpoint that is gone, and ends what was on its way', () => {
    expect(after({ result: { kind: 'gone', status: 410 } })).toMatchObject({
      next: { state: 'cancelled' },
      endpoint: { state: 'disabled' },
    });
  });

  it('disables an endpoint after five days without a success, not before', () => {
    const since = (ms: number): unknown =>
      after({ endpoint: { failures: 3, failingSinceMs: NOW_MS - ms } }).endpoint?.state;
    expect(since(DISABLE_AFTER_MS - 1)).toBeUndefined();
    expect(since(DISABLE_AFTER_MS)).toBe('disabled');
  });
});
