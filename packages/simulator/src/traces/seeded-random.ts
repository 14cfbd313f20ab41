/**
 * A small deterministic generator of random numbers for traces and simulations: the same seed gives the same numbers on
 * every run. xoshiro128** (Blackman and Vigna, 2018) whose state is filled by a 32-bit splitmix. Not for secrets.
 */
import { LongshoreError } from '@longshore/job';

/** Draws from one stream. Every draw advances the stream, so the order of calls is part of what a seed means. */
export interface SeededRandom {
  /** Uniform from 0 up to but not including 1, with 53 bits. */
  uniform(): number;
  /** Standard normal: mean 0, deviation 1. */
  normal(): number;
  /** `median · exp(sigma · normal)`. Its mean is `median · exp(sigma² / 2)`. */
  lognormal(median: number, sigma: number): number;
  /** Exponential with the given mean. */
  exponential(mean: number): number;
  /** Poisson with the given mean, 0 or more (else `invalid_options`); exact for every mean, see {@link seededRandom}. */
  poisson(mean: number): number;
}

/**
 * A stream of random numbers.
 *
 * Poisson draws multiply uniforms (Knuth) below a mean of 10 and use Hörmann's transformed rejection with squeeze
 * (PTRS, "The transformed rejection method for generating Poisson random variables", 1993) from there on, so that no
 * normal approximation is needed however big the mean is.
 *
 * @param seed A safe integer or any text. Texts name streams that have nothing to do with each other: `'arrivals/3'`.
 * @throws LongshoreError `invalid_options` when the seed is a number that is not a safe integer.
 */
export function seededRandom(seed: number | string): SeededRandom {
  const uniform = uniformStream(seed);
  let spare: number | undefined;

  // Marsaglia's polar method gives two draws at a time.
  function normal(): number {
    if (spare !== undefined) {
      const kept = spare;
      spare = undefined;
      return kept;
    }
    for (;;) {
      const x = 2 * uniform() - 1;
      const y = 2 * uniform() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      spare = y * factor;
      return x * factor;
    }
  }

  return {
    uniform,
    normal,
    lognormal: (median, sigma) => median * Math.exp(sigma * normal()),
    exponential: (mean) => -mean * Math.log(1 - uniform()),
    poisson(mean) {
      if (!(mean >= 0 && mean <= Number.MAX_SAFE_INTEGER)) {
        throw new LongshoreError(
          'invalid_options',
          `Cannot draw Poisson counts of mean ${mean}: give 0 or more`,
        );
      }
      return mean < 10 ? poissonByProduct(mean, uniform) : poissonByRejection(mean, uniform);
    },
  };
}

/** xoshiro128** with its four words in a closure. */
function uniformStream(seed: number | string): () => number {
  const next = splitmix(seedWord(seed));
  let a = next();
  let b = next();
  let c = next();
  let d = next();

  function word(): number {
    const scrambled = Math.imul(b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  }

  return () => ((word() >>> 5) * 0x4000000 + (word() >>> 6)) / 0x20000000000000;
}

/** A sequence of well mixed 32-bit words, never all zero for four in a row. */
function splitmix(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    return mixed(state);
  };
}

function mixed(word: number): number {
  let mix = word ^ (word >>> 16);
  mix = Math.imul(mix, 0x21f0aaad);
  mix ^= mix >>> 15;
  mix = Math.imul(mix, 0x735a2d97);
  return mix ^ (mix >>> 15);
}

function seedWord(seed: number | string): number {
  if (typeof seed === 'number') {
    if (!Number.isSafeInteger(seed)) {
      throw new LongshoreError('invalid_options', `Cannot seed with ${seed}: give a safe integer or a text`);
    }
    // Both halves count, so that seeds above 2^32 are not all alike.
    return (seed | 0) ^ mixed(Math.floor(seed / 0x100000000));
  }
  let hash = ~seed.length;
  for (let at = 0; at < seed.length; at += 1) hash = mixed((hash + 0x9e3779b9) ^ seed.charCodeAt(at));
  return hash;
}

function poissonByProduct(mean: number, uniform: () => number): number {
  const floor = Math.exp(-mean);
  let product = uniform();
  let count = 0;
  while (product > floor) {
    product *= uniform();
    count += 1;
  }
  return count;
}

/** PTRS; the names of its constants are those of the paper. */
function poissonByRejection(mean: number, uniform: () => number): number {
  const logMean = Math.log(mean);
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  const vr = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const u = uniform() - 0.5;
    const v = uniform();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= vr) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    const density = k * logMean - mean - logFactorial(k);
    if (Math.log((v * inverseAlpha) / (a / (us * us) + b)) <= density) return k;
  }
}

/** ln k!, by Stirling's series from 10 on, where its error is below 1e-9. */
function logFactorial(k: number): number {
  if (k < 10) {
    let product = 1;
    for (let factor = 2; factor <= k; factor += 1) product *= factor;
    return Math.log(product);
  }
  const n = k + 1;
  const series = (1 / 12 - (1 / 360 - 1 / 1260 / (n * n)) / (n * n)) / n;
  return (n - 0.5) * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI) + series;
}
