/**
 * Service times by job: a table of evenly spaced quantiles of the mix, looked up by a hash of the job's number, so that a
 * job takes as long under one policy as under another and no draw costs more than a look.
 */
import { mixed } from './mixed.ts';
import type { SimulatedJobType } from './scenario.ts';

const ENTRIES = 65_536;

/** Service time of a job by its number, in seconds, before drift. */
export function serviceTimes(jobTypes: readonly SimulatedJobType[], seed: number): (job: number) => number {
  const table = new Float64Array(ENTRIES);
  const shares = jobTypes.reduce((sum, { share }) => sum + share, 0);
  let from = 0;
  let passed = 0;
  for (const { share, meanSeconds, sigma } of jobTypes) {
    passed += share;
    const to = Math.round((passed / shares) * ENTRIES);
    fill(table.subarray(from, to), meanSeconds, sigma);
    from = to;
  }
  const salt = mixed(seed ^ 0x5bd1e995);
  return (job) => table[mixed(job ^ salt) & (ENTRIES - 1)] ?? 0;
}

/** Evenly spaced quantiles of a lognormal distribution, scaled so that their mean is exact. */
function fill(entries: Float64Array, meanSeconds: number, sigma: number): void {
  let sum = 0;
  for (let index = 0; index < entries.length; index += 1) {
    const value = Math.exp(sigma * normalQuantile((index + 0.5) / entries.length));
    entries[index] = value;
    sum += value;
  }
  const factor = (meanSeconds * entries.length) / sum;
  for (let index = 0; index < entries.length; index += 1) entries[index] = (entries[index] ?? 0) * factor;
}

/** Quantile of the standard normal distribution by bisection of its distribution function. */
function normalQuantile(share: number): number {
  let low = -8;
  let high = 8;
  for (let step = 0; step < 40; step += 1) {
    const middle = (low + high) / 2;
    if (normalShareBelow(middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Distribution function of the standard normal: Abramowitz and Stegun 26.2.17, absolute error below 7.5e-8. */
function normalShareBelow(value: number): number {
  const at = 1 / (1 + 0.2316419 * Math.abs(value));
  const density = Math.exp((-value * value) / 2) / Math.sqrt(2 * Math.PI);
  const polynomial =
    at * (0.31938153 + at * (-0.356563782 + at * (1.781477937 + at * (-1.821255978 + at * 1.330274429))));
  const above = density * polynomial;
  return value >= 0 ? 1 - above : above;
}
