/**
 * Turns a trace into jobs that arrive in each second: the shape is the trace's, the level is asked for, and within a
 * bucket arrivals are Poisson, because a trace does not say how they lay there.
 */
import { LongshoreError } from '@longshore/job';
import type { SeededRandom } from './seeded-random.ts';
import type { Trace } from './trace.ts';

/** Of every trace, the first 72 hours are simulated unless asked otherwise. */
const DEFAULT_WINDOW_SECONDS = 72 * 3600;
/** Buckets from here on are interpolated: as steps they would show a policy an edge twice an hour that nobody sent. */
const INTERPOLATED_FROM_SECONDS = 1800;

/** Options of {@link arrivalsPerSecond}. */
export interface ArrivalOptions {
  /** How much of the trace's beginning is used, seconds from 1. Default 72 hours. A shorter trace is used whole. */
  readonly windowSeconds?: number;
  /** Mean arrivals per second over the window, above 0. The trace's counts are scaled to it. */
  readonly meanRatePerSecond: number;
  /** Where the draws come from. */
  readonly random: SeededRandom;
}

/**
 * Arrivals in each second of the trace's beginning, drawn once.
 *
 * Buckets of half an hour and more are interpolated linearly between their middles, flat before the first middle and
 * after the last one; the expected total stays what it was.
 *
 * @throws LongshoreError `invalid_options` when an option is out of range, or when the window holds no arrivals.
 */
export function arrivalsPerSecond(trace: Trace, options: ArrivalOptions): Uint32Array {
  const { windowSeconds = DEFAULT_WINDOW_SECONDS, meanRatePerSecond, random } = options;
  if (!Number.isSafeInteger(windowSeconds) || windowSeconds < 1) {
    throw fault(trace, `windowSeconds is ${windowSeconds}: give a whole number from 1`);
  }
  if (!Number.isFinite(meanRatePerSecond) || meanRatePerSecond <= 0) {
    throw fault(trace, `meanRatePerSecond is ${meanRatePerSecond}: give a number above 0`);
  }
  const rates = relativeRates(trace, Math.min(windowSeconds, trace.counts.length * trace.bucketSeconds));
  const total = rates.reduce((sum, rate) => sum + rate, 0);
  if (total === 0)
    throw fault(trace, `nothing arrives in its first ${rates.length} s: use a longer windowSeconds`);
  const scale = (meanRatePerSecond * rates.length) / total;
  return Uint32Array.from(rates, (rate) => random.poisson(rate * scale));
}

/** The trace's intensity in each second, in arrivals per bucket. */
function relativeRates({ bucketSeconds, counts }: Trace, seconds: number): Float64Array {
  const rates = new Float64Array(seconds);
  const isInterpolated = bucketSeconds >= INTERPOLATED_FROM_SECONDS;
  const last = counts.length - 1;
  for (let second = 0; second < seconds; second += 1) {
    if (!isInterpolated) {
      rates[second] = counts[Math.floor(second / bucketSeconds)] ?? 0;
      continue;
    }
    // In buckets, from the middle of the first one; seconds are taken at their middles too.
    const at = Math.min(Math.max((second + 0.5) / bucketSeconds - 0.5, 0), last);
    const left = Math.floor(at);
    const from = counts[left] ?? 0;
    const to = counts[Math.min(left + 1, last)] ?? 0;
    rates[second] = from + (to - from) * (at - left);
  }
  return rates;
}

function fault({ name }: Trace, what: string): LongshoreError {
  return new LongshoreError('invalid_options', `Cannot draw arrivals of trace "${name}": ${what}`);
}
