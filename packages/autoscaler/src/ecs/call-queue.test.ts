import { expect, it } from 'vitest';
import type { Clock } from '@longshore/job';
import { callQueue, type CallQueueOptions } from './call-queue.ts';

interface Hand {
  readonly clock: Clock;
  advance(ms: number): Promise<void>;
}

function hand(): Hand {
  const timers = new Set<{ atMs: number; callback: () => void }>();
  let nowMs = 0;
  const settled = (): Promise<void> =>
    new Promise((resolve) => {
      setImmediate(resolve);
    });
  return {
    clock: {
      nowMs: () => nowMs,
      after(delayMs, callback) {
        const timer = { atMs: nowMs + delayMs, callback };
        timers.add(timer);
        return { cancel: () => void timers.delete(timer) };
      },
    },
    async advance(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        await settled();
        const next = [...timers].filter(({ atMs }) => atMs <= endMs).toSorted((a, b) => a.atMs - b.atMs)[0];
        if (next === undefined) break;
        timers.delete(next);
        nowMs = Math.max(nowMs, next.atMs);
        next.callback();
      }
      nowMs = endMs;
    },
  };
}

const queueOn = (clock: Clock, changes: Partial<CallQueueOptions> = {}) =>
  callQueue({
    rate: { burst: 2, perSecond: 1 },
    concurrency: 4,
    patienceMs: 5_000,
    clock,
    random: () => 0,
    ...changes,
  });
const throttled = (): Error => Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });

it('lets a burst pass, then so many a second, urgent ones first', async () => {
  const { clock, advance } = hand();
  const queue = queueOn(clock);
  const done: string[] = [];
  const run = (name: string, isUrgent: boolean): Promise<void> =>
    queue.run(isUrgent, async () => void done.push(`${name}@${clock.nowMs()}`));
  const all = Promise.all([run('a', false), run('b', false), run('c', false), run('up', true)]);
  await advance(3_000);
  await all;
  expect(done).toEqual(['a@0', 'b@0', 'up@1000', 'c@2000']);
});

it('fails a call that finds no turn in time, and says that it can be tried again', async () => {
  const { clock, advance } = hand();
  const queue = queueOn(clock, { rate: { burst: 1, perSecond: 0.1 } });
  await queue.run(false, async () => {});
  const late = queue.run(false, async () => 1).catch((error: unknown) => error);
  await advance(5_000);
  expect(await late).toMatchObject({ code: 'target_unavailable', retryable: true });
});

it('tries a throttled call again by itself while others go on', async () => {
  const { clock, advance } = hand();
  const queue = queueOn(clock, { rate: { burst: 2, perSecond: 10 } });
  const done: string[] = [];
  let refusals = 2;
  const throttledOnce = queue.run(false, async () => {
    if (refusals > 0) {
      refusals -= 1;
      throw throttled();
    }
    done.push('late');
  });
  const other = queue.run(false, async () => void done.push('other'));
  await advance(4_000);
  await Promise.all([throttledOnce, other]);
  expect(done).toEqual(['other', 'late']);
});

it('gives up on a call that stays throttled, with the refusal, within its patience', async () => {
  const { clock, advance } = hand();
  const queue = queueOn(clock, { rate: { burst: 5, perSecond: 10 } });
  let tries = 0;
  const failed = queue
    .run(false, async () => {
      tries += 1;
      throw throttled();
    })
    .catch((error: unknown) => error);
  await advance(5_000);
  expect(await failed).toMatchObject({ name: 'ThrottlingException' });
  expect(tries).toBeGreaterThan(2);
  expect(tries).toBeLessThan(10);
});

it('passes on any other failure at once, and goes on', async () => {
  const { clock } = hand();
  const queue = queueOn(clock);
  await expect(queue.run(false, () => Promise.reject(new Error('Broken')))).rejects.toThrow('Broken');
  await expect(queue.run(false, async () => 7)).resolves.toBe(7);
});
