import { sqliteLedger } from '@longshore/ledger/sqlite';
import type { Ledger } from '@longshore/ledger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordedArrivals } from './recorded-arrivals.ts';

const NOW_MS = Date.UTC(2026, 10, 23, 14, 0, 7);
const HOUR_MS = 3_600_000;

let ledger: Ledger;
beforeEach(() => {
  ledger = sqliteLedger({ path: ':memory:' });
});
afterEach(() => ledger.close());

async function append(sentAgoMs: readonly number[], job = 'send-mail'): Promise<void> {
  const at = (agoMs: number): number => Math.floor((NOW_MS - agoMs) / 10_000) * 10_000;
  await ledger.append({
    writer: `w-${job}`,
    worker: 'w',
    service: 'mail',
    revision: '1',
    rssBytes: 1,
    maxRssBytes: 1,
    dropped: 0,
    sequence: 1,
    atMs: NOW_MS,
    attempts: [
      { atMs: at(60_000), job, outcome: 'completed', count: 4, attempts: 4, waitedMs: 0, ranMs: 10_000 },
    ],
    arrivals: sentAgoMs.map((agoMs) => ({ atMs: at(agoMs), service: 'mail', job, sent: 3, settled: 0 })),
    bins: [{ atMs: Math.floor(NOW_MS / 300_000) * 300_000 - 300_000, job, kind: 'run', bin: 150, count: 4 }],
    jobs: [],
  });
}

describe('the recorded past', () => {
  it('is a trace of whole ten seconds up to now, with the durations of its jobs', async () => {
    await append([60_000, 1_800_000]);
    await append([60_000], 'send-letter');
    const { trace, jobTypes } = await recordedArrivals(ledger, {
      service: 'mail',
      lastMs: HOUR_MS,
      nowMs: NOW_MS,
    });
    expect(trace).toMatchObject({
      name: 'mail-last-1h',
      bucketSeconds: 10,
      startMs: Date.UTC(2026, 10, 23, 13, 0, 10),
    });
    expect(trace.counts).toHaveLength(359);
    expect(trace.counts.reduce((sum, count) => sum + count, 0)).toBe(9);
    expect(trace.counts[(NOW_MS - 7_000 - 60_000 - trace.startMs) / 10_000]).toBe(6);
    expect(jobTypes).toHaveLength(2);
    expect(jobTypes[0]).toMatchObject({ share: 4, meanSeconds: 2.5 });
    expect(jobTypes[0]?.sigma).toBeGreaterThanOrEqual(0);
  });

  it('of nothing says what to do', async () => {
    await append([2 * HOUR_MS]);
    await expect(
      recordedArrivals(ledger, { service: 'mail', lastMs: HOUR_MS, nowMs: NOW_MS }),
    ).rejects.toThrow('No job of "mail" arrived in the last 1h: give a longer --last, or a --trace');
    await expect(recordedArrivals(ledger, { service: 'mail', lastMs: 1, nowMs: NOW_MS })).rejects.toThrow(
      'No job of',
    );
  });
});
