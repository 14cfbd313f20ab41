import { describe, expect, it } from 'vitest';
import { learnSeason, seasonalChange, type ArrivalBucket } from './season.ts';

const BUCKET_MS = 300_000;
const DAY_MS = 86_400_000;
/** A Monday. */
const START_MS = Date.UTC(2026, 0, 5);

/** Buckets of several days, with noise that repeats on no day. */
function past(days: number, perBucket: (atMs: number) => number): ArrivalBucket[] {
  return Array.from({ length: (days * DAY_MS) / BUCKET_MS }, (_, index) => {
    const atMs = START_MS + index * BUCKET_MS;
    return { atMs, count: Math.round(perBucket(atMs) * (1 + 0.1 * Math.sin(index * 12.9898))) };
  });
}

const hour = (atMs: number): number => (atMs % DAY_MS) / 3_600_000;
const mornings = (atMs: number): number => (hour(atMs) >= 8 && hour(atMs) < 18 ? 600 : 60);

describe('learnSeason', () => {
  it('knows the morning of a service that has one, five minutes before it comes', () => {
    const season = learnSeason(past(5, mornings), BUCKET_MS, START_MS + 5 * DAY_MS);
    expect(season).toMatchObject({ period: 'day' });
    if (season === undefined) throw new Error('No season');
    const morningMs = START_MS + 5 * DAY_MS + 8 * 3_600_000;
    // 600 and 60 a bucket of 300 s.
    expect(seasonalChange(season, morningMs - BUCKET_MS / 2, BUCKET_MS)).toBeCloseTo(1.8, 0);
    expect(Math.abs(seasonalChange(season, morningMs + 4 * 3_600_000, 60_000))).toBeLessThan(0.2);
  });

  it('tells weekends from other days once it has seen some', () => {
    const week = (atMs: number): number => {
      const day = new Date(atMs).getUTCDay();
      return day === 0 || day === 6 ? 60 : mornings(atMs);
    };
    const season = learnSeason(past(21, week), BUCKET_MS, START_MS + 21 * DAY_MS);
    expect(season).toMatchObject({ period: 'week' });
  });

  it('believes in no season where a back-test finds none', () => {
    const noise = (atMs: number): number => 100 + 90 * Math.sin(atMs / 777_777) * Math.cos(atMs / 3_333_333);
    expect(learnSeason(past(10, noise), BUCKET_MS, START_MS + 10 * DAY_MS)).toBeUndefined();
    expect(
      learnSeason(
        past(10, () => 100),
        BUCKET_MS,
        START_MS + 10 * DAY_MS,
      )?.relativeError ?? 0,
    ).toBeLessThan(1);
  });

  it('says nothing with less than a day and a half of past', () => {
    expect(learnSeason(past(1.4, mornings), BUCKET_MS, START_MS + 1.4 * DAY_MS)).toBeUndefined();
    expect(learnSeason([], BUCKET_MS, START_MS)).toBeUndefined();
  });
});
