/**
 * The rate of arrivals to reckon with until new tasks can work: the rate of the last minutes, plus as much of the latest
 * deviation from it as deviations have lasted so far.
 *
 * How lasting they are is learnt by regression of what came on what was seen, apart for rises and falls, forgetting with
 * a half-life. A service whose bursts are over before a task has started soon stops running after them; on one whose
 * rises last, a rise is believed at once.
 */
import { arrivalsPerMs, arrivedBy, type LoadSample } from './arrivals.ts';

/** Sums of a regression through the origin. */
interface Regression {
  readonly xy: number;
  readonly xx: number;
}

/** A forecast whose time has not come yet. */
export interface OpenForecast {
  readonly atMs: number;
  readonly latestPerMs: number;
  readonly longPerMs: number;
}

/** What the forecast remembers. */
export interface ForecastMemory {
  readonly open: readonly OpenForecast[];
  readonly rising: Regression;
  readonly falling: Regression;
}

/** A forecast. */
export interface Forecast {
  readonly perMs: number;
  /** Rate of the last three quarters of a minute. */
  readonly latestPerMs: number;
  /** Share of the latest deviation that is expected to last, 0 to 1. */
  readonly persistence: number;
  readonly memory: ForecastMemory;
}

/** Short enough to see a rise within the time that a 60 s objective allows, long enough that 10 jobs a second are no noise. */
const LATEST_MS = 45_000;
/** What a deviation deviates from. */
export const LONG_MS = 300_000;
/** Deviations of this weight, believed to last, are assumed at first; about five bursts of the rate's own height. */
const PRIOR = 5;
/** Half of what was learnt is forgotten after this time: a day has quiet and restless hours. */
const HALF_LIFE_MS = 1_800_000;
/** Added to the rate that deviations are measured in, so that the first job of a quiet hour is no infinite deviation. */
const QUIET_PER_MS = 0.2 / 1_000;
/** Forecasts that may be open. */
const MAX_OPEN = 256;

/** The forecast at the latest sample. */
export function forecast(samples: readonly LoadSample[], past: ForecastMemory, horizonMs: number): Forecast {
  const nowMs = samples.at(-1)?.atMs ?? 0;
  const learnt = settled(samples, past, horizonMs, nowMs);
  const latestPerMs = arrivalsPerMs(samples, LATEST_MS);
  const longPerMs = arrivalsPerMs(samples, LONG_MS);
  const { xy, xx } = latestPerMs > longPerMs ? learnt.rising : learnt.falling;
  const persistence = Math.min(1, Math.max(0, (xy + PRIOR) / (xx + PRIOR)));
  return {
    perMs: Math.max(0, longPerMs + persistence * (latestPerMs - longPerMs)),
    latestPerMs,
    persistence,
    memory: { ...learnt, open: [...learnt.open, { atMs: nowMs, latestPerMs, longPerMs }] },
  };
}

/** Learns from the forecasts whose time has come. */
function settled(
  samples: readonly LoadSample[],
  past: ForecastMemory,
  horizonMs: number,
  nowMs: number,
): ForecastMemory {
  // After a gap there is nothing to compare with.
  const firstMs = samples[0]?.atMs ?? nowMs;
  const open = past.open.filter(({ atMs }) => atMs >= firstMs && atMs < nowMs).slice(-MAX_OPEN);
  let { rising, falling } = past;
  let from = 0;
  for (const [index, made] of open.entries()) {
    if (made.atMs + horizonMs > nowMs) break;
    from = index + 1;
    const came = (arrivedBy(samples, made.atMs + horizonMs) - arrivedBy(samples, made.atMs)) / horizonMs;
    const unit = made.longPerMs + QUIET_PER_MS;
    const seen = (made.latestPerMs - made.longPerMs) / unit;
    const lasted = (Math.max(0, came) - made.longPerMs) / unit;
    const keep = 0.5 ** ((nextMs(open, index, nowMs) - made.atMs) / HALF_LIFE_MS);
    if (seen > 0) rising = learn(rising, seen, lasted, keep);
    else falling = learn(falling, seen, lasted, keep);
  }
  return { open: from === 0 ? open : open.slice(from), rising, falling };
}

function nextMs(open: readonly OpenForecast[], index: number, nowMs: number): number {
  return open[index + 1]?.atMs ?? nowMs;
}

function learn({ xy, xx }: Regression, seen: number, lasted: number, keep: number): Regression {
  return { xy: xy * keep + seen * lasted, xx: xx * keep + seen * seen };
}
