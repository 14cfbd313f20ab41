import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqliteLedger } from '@longshore/ledger/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAutoscaler } from './controller.ts';
import { manualClock } from './fixtures/manual-clock.ts';
import { ledgerSink, readDecisions } from './ledger-sink.ts';
import type { ScalingSpec } from './policy/spec.ts';
import { replay } from './replay.ts';
import { seasonOutlook } from './season-outlook.ts';

const SPEC: ScalingSpec = {
  service: 'mail',
  min: 0,
  max: 20,
  slots: 2,
  timeInQueueMs: 60_000,
  percentile: 99,
  idleMs: 20_000,
  holdMs: 20_000,
  staleMs: 60_000,
  lagMs: 5_000,
  serviceHintMs: 4_000,
  startupHintMs: 10_000,
};
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'longshore-recorded-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('decisions in a ledger', () => {
  it('come back as they were, a page at a time, and replay to the same counts', async () => {
    const clock = manualClock();
    await using ledger = sqliteLedger({ path: join(folder, 'ledger.db') });
    let desired = 0;
    let tick = 0;
    const autoscaler = createAutoscaler({
      clock,
      sink: ledgerSink(ledger),
      services: [
        {
          spec: SPEC,
          backlog: {
            counts: () =>
              Promise.resolve({ backlog: Math.max(0, 40 - (tick % 60)), inFlight: desired, delayed: 0 }),
          },
        },
      ],
      target: {
        observe: () =>
          Promise.resolve({
            desired,
            running: desired,
            pending: 0,
            busyTasks: desired,
            busySlots: desired,
            finishedJobs: tick * 3,
            canDrain: true,
            atMs: clock.nowMs(),
          }),
        apply: (_service, count) => {
          desired = count;
          return Promise.resolve();
        },
      },
    });
    const made = [];
    for (; tick < 200; tick += 1) {
      made.push(...(await autoscaler.tick()));
      await clock.advance(5_000);
    }
    await autoscaler.stop();
    const period = { service: 'mail', fromMs: 0, toMs: clock.nowMs() + 1 };
    const read = await readDecisions(ledger, period);
    expect(read).toEqual(JSON.parse(JSON.stringify(made)));
    expect(replay(read)).toEqual({ decisions: 200, skipped: 0, differences: [] });
    const changes = await readDecisions(ledger, { ...period, changesOnly: true });
    expect(changes.length).toBeGreaterThan(2);
    expect(changes.length).toBeLessThan(read.length);
  });
});

describe('seasons from a ledger', () => {
  it('are learnt from its arrivals, and kept when it is away', async () => {
    const clock = manualClock(30 * 86_400_000);
    const hours = (atMs: number): number => (atMs % 86_400_000) / 3_600_000;
    let isAway = false;
    const outlook = seasonOutlook({
      clock,
      log: SILENT,
      services: ['mail'],
      ledger: {
        arrivals: ({ fromMs, toMs, bucketMs = 1 }) => {
          if (isAway) return Promise.reject(new Error('away'));
          const buckets = Array.from(
            { length: (toMs - fromMs) / bucketMs },
            (_, index) => fromMs + index * bucketMs,
          );
          return Promise.resolve(
            buckets.map((atMs) => ({
              atMs,
              service: 'mail',
              job: 'send',
              count: hours(atMs) >= 9 ? 900 : 30,
              sent: 0,
              settled: 0,
            })),
          );
        },
      },
    });
    const morningMs = clock.nowMs() + 9 * 3_600_000;
    expect(outlook.changePerSecond('mail', morningMs - 150_000, 300_000)).toBe(0);
    await outlook.learn();
    expect(outlook.changePerSecond('mail', morningMs - 150_000, 300_000)).toBeCloseTo(2.9);
    isAway = true;
    await outlook.learn();
    expect(outlook.changePerSecond('mail', morningMs - 150_000, 300_000)).toBeCloseTo(2.9);
    expect(outlook.changePerSecond('other', morningMs, 300_000)).toBe(0);
  });
});
