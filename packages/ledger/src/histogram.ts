/**
 * Durations in 256 bins whose width grows with the duration, so that any value is known within 5 %.
 *
 * Bin 0 holds what takes up to 0.01 ms. Bin i holds the durations d with 0.01 γ^(i-1) < d ≤ 0.01 γ^i milliseconds, where
 * γ = (1 + 0.05) / (1 - 0.05), and stands for 0.01 · 2γ^i / (γ + 1): 5 % above its lower and 5 % below its upper end.
 * (The mapping of DDSketch: Masson, Rim, Lee, VLDB 2019, https://arxiv.org/abs/1908.10693.) The last bin ends beyond 14
 * days, the longest that SQS keeps a message; what is longer is counted there.
 */
import type { Times } from './ledger.ts';

/** Largest relative error of a duration that is read back. */
const RELATIVE_ERROR = 0.05;
const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const SMALLEST_MS = 0.01;
const BINS_PER_E = 1 / Math.log(GAMMA);
const OFFSET = -Math.log(SMALLEST_MS) * BINS_PER_E;

/** Number of bins. */
export const BIN_COUNT = 256;

/** The bin of a duration. Whatever is no positive number is in bin 0. */
export function binOf(ms: number): number {
  if (!(ms > SMALLEST_MS)) return 0;
  const bin = Math.ceil(Math.log(ms) * BINS_PER_E + OFFSET);
  return bin < BIN_COUNT ? bin : BIN_COUNT - 1;
}

/** The duration that stands for a bin. */
export function binMs(bin: number): number {
  return bin === 0 ? SMALLEST_MS : (SMALLEST_MS * 2 * GAMMA ** bin) / (GAMMA + 1);
}

/**
 * The duration that a share of the values does not exceed, within 5 %; 0 when there are none.
 *
 * @param share 0 to 1: 0.95 for the 95th percentile
 */
export function quantileMs({ bins, count }: Pick<Times, 'bins' | 'count'>, share: number): number {
  let left = Math.max(1, Math.ceil(share * count));
  for (const bin of bins) {
    left -= bin.count;
    if (left <= 0) return bin.ms;
  }
  return bins.at(-1)?.ms ?? 0;
}
