/**
 * The traces that the project ships: six shapes of load, made by a seeded generator when they are needed, so that there is
 * no data file whose origin or licence could be in question. Real traces are read with `parseTrace`.
 *
 * Each is 72 hours from a Monday, 00:00 UTC. Levels are in jobs per second before scaling; a simulation sets its own mean.
 */
import { seededRandom, type SeededRandom } from './seeded-random.ts';
import type { Trace } from './trace.ts';

const HOURS = 72;
/** Monday, 5 January 2026. */
const START_MS = Date.UTC(2026, 0, 5);
/** Jobs per second at level 1: so many that the rounding of counts adds no noise of its own. */
const UNIT_RATE = 50;

/** Fills levels over time; `fill` writes a level (1 is the shape's usual height) for each bucket. */
interface Shape {
  readonly name: string;
  readonly bucketSeconds: number;
  readonly fill: (levels: Float64Array, random: SeededRandom, bucketSeconds: number) => void;
}

const SHAPES: readonly Shape[] = [
  { name: 'diurnal', bucketSeconds: 60, fill: fillDiurnal },
  { name: 'spikes', bucketSeconds: 10, fill: fillSpikes },
  { name: 'steps', bucketSeconds: 60, fill: fillSteps },
  { name: 'idle-gaps', bucketSeconds: 10, fill: fillIdleGaps },
  { name: 'ramps', bucketSeconds: 60, fill: fillRamps },
  { name: 'on-off', bucketSeconds: 10, fill: fillOnOff },
];

/**
 * The project's own traces, always the same for a seed:
 *
 * - `diurnal`: the working day of an online service, quiet at 4, busiest at 14, a lesser peak in the evening, each day of
 *   another height, with gusts of minutes around the curve. Trough to peak about 1 to 7. 60 s buckets.
 * - `spikes`: a low even load, and about every 3 hours a surge to 4 to 40 times of it, within half a minute to two
 *   minutes, that decays over 2 to 20 minutes. 10 s buckets.
 * - `steps`: levels that hold for 1 to 6 hours and then change at once by a factor of up to 6 either way, within 0.2 to 4.
 *   60 s buckets.
 * - `idle-gaps`: activity for 10 to 90 minutes, then nothing at all for 20 minutes to 5 hours. 10 s buckets.
 * - `ramps`: straight rises over 1 to 4 hours from a low floor, a plateau of up to 2 hours, a fall within 5 to 30 minutes,
 *   then rest. 60 s buckets.
 * - `on-off`: bursts of 1 to 8 minutes out of nothing and back, with pauses of 12 minutes on average. 10 s buckets.
 *
 * @param seed A safe integer. Default 1, the one behind published figures.
 * @throws LongshoreError `invalid_options` when the seed is not a safe integer.
 */
export function syntheticTraces(seed = 1): readonly Trace[] {
  return SHAPES.map(({ name, bucketSeconds, fill }) => {
    const random = seededRandom(`${name}/${seededNumber(seed)}`);
    const levels = new Float64Array((HOURS * 3600) / bucketSeconds);
    fill(levels, random, bucketSeconds);
    const counts = levels.map((level) => random.poisson(level * UNIT_RATE * bucketSeconds));
    return { name, bucketSeconds, counts, startMs: START_MS };
  });
}

function seededNumber(seed: number): number {
  seededRandom(seed); // refuses what is no safe integer
  return seed;
}

function fillDiurnal(levels: Float64Array, random: SeededRandom, bucketSeconds: number): void {
  const gusts = gustsOf(random, { sigma: 0.12, memorySeconds: 600, bucketSeconds });
  const heights = Array.from({ length: HOURS / 24 }, () => between(random, 0.85, 1.15));
  for (let at = 0; at < levels.length; at += 1) {
    const hours = (at * bucketSeconds) / 3600;
    const day = bump(hours % 24, 14, 4.5);
    const evening = 0.35 * bump(hours % 24, 20.5, 1.8);
    const height = heights[Math.floor(hours / 24)] ?? 1;
    levels[at] = (0.15 + height * (0.85 * day + evening)) * gusts();
  }
}

function fillSpikes(levels: Float64Array, random: SeededRandom, bucketSeconds: number): void {
  const gusts = gustsOf(random, { sigma: 0.2, memorySeconds: 300, bucketSeconds });
  for (let at = 0; at < levels.length; at += 1) levels[at] = gusts();
  const end = HOURS * 3600;
  for (let start = random.exponential(10_800); start < end; start += 1200 + random.exponential(9600)) {
    const height = logBetween(random, 4, 40);
    const rise = between(random, 30, 120);
    const decay = logBetween(random, 120, 1200);
    const first = Math.floor(start / bucketSeconds);
    for (let at = first; at < levels.length; at += 1) {
      const since = at * bucketSeconds - start;
      const surge = since < rise ? Math.max(since, 0) / rise : Math.exp((rise - since) / decay);
      if (since > rise && height * surge < 0.01) break;
      levels[at] = (levels[at] ?? 0) + height * surge * random.lognormal(1, 0.1);
    }
  }
}

function fillSteps(levels: Float64Array, random: SeededRandom, bucketSeconds: number): void {
  const gusts = gustsOf(random, { sigma: 0.08, memorySeconds: 300, bucketSeconds });
  let level = 1;
  let until = 0;
  for (let at = 0; at < levels.length; at += 1) {
    if (at * bucketSeconds >= until) {
      until = at * bucketSeconds + between(random, 3600, 6 * 3600);
      level = Math.min(Math.max(level * logBetween(random, 1 / 6, 6), 0.2), 4);
    }
    levels[at] = level * gusts();
  }
}

function fillIdleGaps(levels: Float64Array, random: SeededRandom, bucketSeconds: number): void {
  const gusts = gustsOf(random, { sigma: 0.3, memorySeconds: 240, bucketSeconds });
  fillEpisodes(levels, bucketSeconds, {
    activeSeconds: () => between(random, 600, 5400),
    pauseSeconds: () => logBetween(random, 1200, 5 * 3600),
    height: () => logBetween(random, 0.3, 3),
    gusts,
  });
}

function fillOnOff(levels: Float64Array, random: SeededRandom, bucketSeconds: number): void {
  const gusts = gustsOf(random, { sigma: 0.25, memorySeconds: 60, bucketSeconds });
  fillEpisodes(levels, bucketSeconds, {
    activeSeconds: () => between(random, 60, 480),
    pauseSeconds: () => 60 + random.exponential(660),
    height: () => logBetween(random, 0.5, 2),
    gusts,
  });
}

function fillRamps(levels: Float64Array, random: SeededRandom, bucketSeconds: number): void {
  const gusts = gustsOf(random, { sigma: 0.08, memorySeconds: 300, bucketSeconds });
  const floor = 0.1;
  let at = 0;
  while (at < levels.length) {
    const top = logBetween(random, 0.6, 4);
    const legs: readonly (readonly [seconds: number, from: number, to: number])[] = [
      [between(random, 3600, 4 * 3600), floor, top],
      [between(random, 0, 2 * 3600), top, top],
      [between(random, 300, 1800), top, floor],
      [between(random, 1800, 2 * 3600), floor, floor],
    ];
    for (const [seconds, from, to] of legs) {
      const buckets = Math.max(Math.round(seconds / bucketSeconds), 1);
      for (let step = 0; step < buckets && at < levels.length; step += 1, at += 1) {
        levels[at] = (from + ((to - from) * step) / buckets) * gusts();
      }
    }
  }
}

/** Lengths and heights of activity that alternates with nothing. */
interface Episodes {
  activeSeconds(): number;
  pauseSeconds(): number;
  height(): number;
  gusts(): number;
}

function fillEpisodes(levels: Float64Array, bucketSeconds: number, episodes: Episodes): void {
  // A short pause first, so that a window of an hour already shows the shape.
  let at = Math.round(300 / bucketSeconds);
  while (at < levels.length) {
    const height = episodes.height();
    const end = Math.min(at + Math.ceil(episodes.activeSeconds() / bucketSeconds), levels.length);
    for (; at < end; at += 1) levels[at] = height * episodes.gusts();
    at += Math.ceil(episodes.pauseSeconds() / bucketSeconds);
  }
}

/** What a gust is like: the deviation of its logarithm and how long it lasts. */
interface Gusts {
  readonly sigma: number;
  readonly memorySeconds: number;
  readonly bucketSeconds: number;
}

/** Factors around 1 that are alike in neighbouring buckets: an autoregressive process, in the logarithm. */
function gustsOf(random: SeededRandom, { sigma, memorySeconds, bucketSeconds }: Gusts): () => number {
  const kept = Math.exp(-bucketSeconds / memorySeconds);
  const fresh = Math.sqrt(1 - kept * kept);
  let state = random.normal();
  return () => {
    state = kept * state + fresh * random.normal();
    return Math.exp(sigma * state);
  };
}

/** A bell over the day of width `spread` hours around `centre`; midnight is no edge. */
function bump(hour: number, centre: number, spread: number): number {
  const apart = Math.abs(hour - centre);
  const distance = Math.min(apart, 24 - apart) / spread;
  return Math.exp((-distance * distance) / 2);
}

function between(random: SeededRandom, low: number, high: number): number {
  return low + (high - low) * random.uniform();
}

/** Uniform in the logarithm: halving is as likely as doubling. */
function logBetween(random: SeededRandom, low: number, high: number): number {
  return low * (high / low) ** random.uniform();
}
