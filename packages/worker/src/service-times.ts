/**
 * How long the jobs of one type take: a mean that follows drift, and a percentile from a logarithmic histogram whose old
 * entries fade. Both cost a few additions per job, whatever was seen before.
 */

/** Service times of one job type. */
export interface ServiceTimes {
  add(ranMs: number): void;
  /** Attempts added. */
  readonly finished: number;
  /** 0 before the first. */
  readonly meanMs: number;
  /** The time that this share of recent attempts stayed under, within 5 %; 0 before the first. */
  percentileMs(share: number): number;
}

/** Weight of a new duration in the mean: about the last forty attempts count, so a change shows within twenty. */
const MEAN_WEIGHT = 0.05;
/** Weight of a new duration in the histogram: about the last two hundred count, ten of them above the 95th percentile. */
const HISTOGRAM_WEIGHT = 0.01;
const GROWTH = 1 / (1 - HISTOGRAM_WEIGHT);
/** Buckets 9 % wide from an eighth of a millisecond to 18 hours: longer than any lease. */
const PER_OCTAVE = 8;
const LOWEST_MS = 0.125;
const BUCKETS = 29 * PER_OCTAVE;
/** Weights grow with every attempt instead of all buckets shrinking; here all are brought down, once in 20,000 attempts. */
const MAX_WEIGHT = 1e90;

/** No times yet. */
export function serviceTimes(): ServiceTimes {
  const buckets = new Float64Array(BUCKETS);
  let finished = 0;
  let meanMs = 0;
  let weight = 1;
  let total = 0;

  const rescale = (): void => {
    for (let index = 0; index < BUCKETS; index += 1) buckets[index] = (buckets[index] ?? 0) / weight;
    total /= weight;
    weight = 1;
  };
  return {
    add(ranMs) {
      finished += 1;
      // The first attempts weigh the same, so that none of them stands for all.
      meanMs += (ranMs - meanMs) * Math.max(MEAN_WEIGHT, 1 / finished);
      weight *= GROWTH;
      const index = Math.max(0, Math.min(BUCKETS - 1, Math.floor(Math.log2(ranMs / LOWEST_MS) * PER_OCTAVE)));
      buckets[index] = (buckets[index] ?? 0) + weight;
      total += weight;
      if (weight > MAX_WEIGHT) rescale();
    },
    get finished() {
      return finished;
    },
    get meanMs() {
      return meanMs;
    },
    percentileMs(share) {
      if (finished === 0) return 0;
      let above = total * (1 - share);
      let index = BUCKETS - 1;
      for (; index > 0; index -= 1) {
        above -= buckets[index] ?? 0;
        if (above < 0) break;
      }
      return LOWEST_MS * 2 ** ((index + 0.5) / PER_OCTAVE);
    },
  };
}
