/**
 * The day and week in the arrivals, learnt from what the ledger counted, and believed only where it would have helped:
 * a back-test must beat the assumption that the rate stays as it is.
 *
 * What is used is the usual change between two times of the day or week, not the usual rate, so that a quiet day with the
 * usual morning keeps its own level.
 */

/** Arrivals in one bucket of the past. */
export interface ArrivalBucket {
  readonly atMs: number;
  readonly count: number;
}

/** A season that has passed its back-test. */
export interface Season {
  readonly period: 'day' | 'week';
  readonly bucketMs: number;
  /** Usual jobs a second, by the bucket of the period since the epoch. */
  readonly perSecond: readonly number[];
  /** Mean squared error of the back-test, relative to that of assuming no change. */
  readonly relativeError: number;
}

const DAY_MS = 86_400_000;
const PERIODS = { day: DAY_MS, week: 7 * DAY_MS } as const;
/** A season must be this much better than none. */
const WORTHWHILE = 0.9;
/** Back-tested buckets, at least: two hours of five minutes. */
const MIN_TESTED = 24;

/**
 * Learns a season from at least two periods of buckets. Buckets without arrivals may be absent.
 *
 * @returns `undefined` where there is too little past, or no season in it.
 */
export function learnSeason(
  past: readonly ArrivalBucket[],
  bucketMs: number,
  nowMs: number,
): Season | undefined {
  const first = past[0];
  if (first === undefined) return undefined;
  const from = Math.floor(first.atMs / bucketMs);
  const to = Math.floor(nowMs / bucketMs);
  const counts = new Float64Array(Math.max(0, to - from));
  for (const { atMs, count } of past) {
    const at = Math.floor(atMs / bucketMs) - from;
    if (at >= 0 && at < counts.length) counts[at] = (counts[at] ?? 0) + count;
  }
  const seasons = (['day', 'week'] as const).flatMap((period) => backTested(counts, from, bucketMs, period));
  return seasons.toSorted((left, right) => left.relativeError - right.relativeError)[0];
}

/** How much the rate usually changes from now until then, jobs a second. */
export function seasonalChange(season: Season, nowMs: number, aheadMs: number): number {
  return usual(season, nowMs + aheadMs) - usual(season, nowMs);
}

function backTested(
  counts: Float64Array,
  from: number,
  bucketMs: number,
  period: Season['period'],
): readonly Season[] {
  const length = Math.round(PERIODS[period] / bucketMs);
  let tested = 0;
  let season = 0;
  let persistence = 0;
  // Each bucket is forecast by the periods before it alone.
  for (let at = length + 1; at < counts.length; at += 1) {
    const before = counts[at - 1] ?? 0;
    const actual = counts[at] ?? 0;
    const change = pastMean(counts, at, length) - pastMean(counts, at - 1, length);
    // Squares: the rare big change makes jobs late, not the noise.
    season += (actual - Math.max(0, before + change)) ** 2;
    persistence += (actual - before) ** 2;
    tested += 1;
  }
  if (tested < Math.max(MIN_TESTED, length / 2) || persistence === 0) return [];
  const relativeError = season / persistence;
  if (relativeError > WORTHWHILE) return [];
  const perSecond = Array.from({ length }, () => 0);
  for (let at = counts.length; at < counts.length + length; at += 1)
    perSecond[(from + at) % length] = pastMean(counts, at, length) / (bucketMs / 1_000);
  return [{ period, bucketMs, perSecond, relativeError }];
}

/** Mean of the same bucket in the periods before. */
function pastMean(counts: Float64Array, at: number, length: number): number {
  let sum = 0;
  let periods = 0;
  for (let earlier = at - length; earlier >= 0; earlier -= length) {
    sum += counts[earlier] ?? 0;
    periods += 1;
  }
  return periods === 0 ? 0 : sum / periods;
}

/** Usual rate at a time, between the middles of buckets in proportion. */
function usual({ perSecond, bucketMs }: Season, atMs: number): number {
  const position = atMs / bucketMs - 0.5;
  const before = Math.floor(position);
  const share = position - before;
  const rate = (bucket: number): number =>
    perSecond[((bucket % perSecond.length) + perSecond.length) % perSecond.length] ?? 0;
  return rate(before) * (1 - share) + rate(before + 1) * share;
}
