/**
 * Percentiles of durations that are only counted: buckets whose bounds grow by a fixed ratio, so that counts of any two
 * histograms can be added. Like HdrHistogram and Prometheus' native histograms; the error is at most half a bucket.
 */

/** Each bound is 2^(1/4) times the one before: a percentile is at most 9 % off. */
const BUCKETS_PER_DOUBLING = 4;
/** Above it all durations are one: 2^30 ms is twelve days. */
const LAST_BUCKET = 30 * BUCKETS_PER_DOUBLING;

/** Bucket of a duration in milliseconds, from 0. */
export function bucketOf(ms: number): number {
  if (ms <= 1) return 0;
  return Math.min(LAST_BUCKET, Math.ceil(Math.log2(ms) * BUCKETS_PER_DOUBLING));
}

/** A percentile (0 to 100) of counts by bucket, in milliseconds; `undefined` when nothing was counted. */
export function percentileOf(counts: ReadonlyMap<number, number>, percentile: number): number | undefined {
  const buckets = [...counts].filter(([, count]) => count > 0).toSorted(([a], [b]) => a - b);
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  // The least value that is at least as large as that share of all, by the nearest-rank method.
  const rank = Math.max(1, Math.ceil((percentile / 100) * total));
  let seen = 0;
  for (const [bucket, count] of buckets) {
    seen += count;
    if (seen >= rank) return middleOf(bucket);
  }
  return undefined;
}

/** The geometric middle of a bucket, where its error is least. */
function middleOf(bucket: number): number {
  return bucket === 0 ? 1 : 2 ** ((bucket - 0.5) / BUCKETS_PER_DOUBLING);
}
