import { describe, expect, it } from 'vitest';
import { seededRandom } from './seeded-random.ts';

const DRAWS = 40_000;

function moments(draw: () => number, draws = DRAWS): { mean: number; variance: number } {
  const values = Float64Array.from({ length: draws }, draw);
  const mean = values.reduce((sum, value) => sum + value, 0) / draws;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws };
}

describe('seededRandom', () => {
  it('gives these numbers for seed 1, on every machine and in every release', () => {
    const random = seededRandom(1);
    expect([
      random.uniform(),
      random.uniform(),
      random.normal(),
      random.poisson(3),
      random.poisson(500),
    ]).toEqual(FROM_SEED_1);
  });

  it('repeats a seed and tells seeds apart, small, negative, beyond 32 bits, and texts', () => {
    const seeds = [0, 1, -1, 2 ** 32, 2 ** 32 + 1, 'a', 'b', 'ab', 'ba', ''];
    const firsts = seeds.map((seed) => seededRandom(seed).uniform());
    expect(new Set(firsts).size).toBe(seeds.length);
    expect(seeds.map((seed) => seededRandom(seed).uniform())).toEqual(firsts);
  });

  it.each([1.5, Number.NaN, Infinity, 2 ** 60])('refuses %d as a seed', (seed) => {
    expect(() => seededRandom(seed)).toThrow(expect.objectContaining({ code: 'invalid_options' }));
  });

  it('spreads uniforms evenly over 0 to 1', () => {
    const { uniform } = seededRandom('uniform');
    const bins = Array.from({ length: 20 }, () => 0);
    for (let draw = 0; draw < DRAWS; draw += 1) {
      const bin = Math.floor(uniform() * 20);
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    const chiSquare = bins.reduce((sum, hits) => sum + (hits - DRAWS / 20) ** 2 / (DRAWS / 20), 0);
    // 19 degrees of freedom: above 43.8 once in a thousand seeds.
    expect(chiSquare).toBeLessThan(43.8);
  });

  it('draws normals, lognormals and exponentials with the moments that they promise', () => {
    const random = seededRandom('moments');
    const normal = moments(() => random.normal());
    expect(normal.mean).toBeCloseTo(0, 1);
    expect(normal.variance).toBeCloseTo(1, 1);
    const lognormal = moments(() => random.lognormal(45, 0.2));
    expect(lognormal.mean / (45 * Math.exp(0.02))).toBeCloseTo(1, 2);
    const exponential = moments(() => random.exponential(7));
    expect(exponential.mean / 7).toBeCloseTo(1, 1);
    expect(exponential.variance / 49).toBeCloseTo(1, 1);
  });

  it.each([0.02, 1, 9.99, 10, 11, 40, 700, 3e4, 2e6])(
    'draws Poisson counts of mean and variance %d',
    (mean) => {
      const random = seededRandom(`poisson/${mean}`);
      const drawn = moments(() => random.poisson(mean));
      const fiveErrors = 5 * Math.sqrt(mean / DRAWS);
      expect(Math.abs(drawn.mean - mean)).toBeLessThan(fiveErrors);
      const ofVariance = 5 * Math.sqrt((mean + 2 * mean * mean) / DRAWS);
      expect(Math.abs(drawn.variance - mean)).toBeLessThan(ofVariance);
    },
  );

  it('draws the whole distribution right around a mean of 12, tails included', () => {
    const random = seededRandom('tails');
    const hits = new Map<number, number>();
    for (let draw = 0; draw < DRAWS; draw += 1) {
      const count = random.poisson(12);
      hits.set(count, (hits.get(count) ?? 0) + 1);
    }
    let probability = Math.exp(-12);
    let chiSquare = 0;
    for (let count = 0; count <= 30; count += 1) {
      const expected = probability * DRAWS;
      if (expected >= 5) chiSquare += ((hits.get(count) ?? 0) - expected) ** 2 / expected;
      probability *= 12 / (count + 1);
    }
    // About 24 degrees of freedom: above 51.2 once in a thousand seeds.
    expect(chiSquare).toBeLessThan(51.2);
  });

  it.each([-1, Number.NaN, Infinity])('refuses %d as a Poisson mean', (mean) => {
    expect(() => seededRandom(1).poisson(mean)).toThrow(`Cannot draw Poisson counts of mean ${mean}`);
  });

  it('draws nothing at a mean of 0', () => {
    const random = seededRandom(3);
    expect(Array.from({ length: 50 }, () => random.poisson(0))).toEqual(Array.from({ length: 50 }, () => 0));
  });
});

const FROM_SEED_1 = [0.09156953175513294, 0.8881928137485323, -0.4219232706535274, 4, 499];
