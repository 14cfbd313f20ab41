import { expect, it } from 'vitest';
import { StartupTimes } from './startup-times.ts';

it('takes the time from the rise of the pending count to the rise of the running count', () => {
  const times = new StartupTimes();
  const counts: readonly (readonly [running: number, pending: number, atMs: number])[] = [
    [1, 0, 0],
    [1, 2, 10_000],
    [1, 2, 30_000],
    [2, 1, 40_000],
    [3, 0, 60_000],
  ];
  for (const [running, pending, atMs] of counts) times.observe({ running, pending, atMs });
  expect(times.startupMs).toBe(60_000);
});

it('says nothing of tasks that were pending before, that were given up, or that only left', () => {
  const times = new StartupTimes();
  for (const [running, pending, atMs] of [
    [2, 1, 0],
    [2, 0, 10_000],
    [0, 0, 20_000],
  ] as const)
    times.observe({ running, pending, atMs });
  expect(times.startupMs).toBeUndefined();
  times.observe({ running: 1, pending: 0, atMs: 50_000 });
  expect(times.startupMs).toBe(30_000);
});
