/** Jobs in each second of a trace, at the level that is asked for. */
import { LongshoreError } from '@longshore/job';
import {
  arrivalsPerSecond,
  meanServiceSeconds,
  seededRandom,
  type Scenario,
  type Trace,
} from '@longshore/simulator';

/** So many are simulated within minutes; more are a case for a shorter part of the trace. */
const MAX_JOBS = 50_000_000;
/** A synthetic trace has no level of its own: it keeps so many tasks busy on average, or a third of those allowed. */
const SYNTHETIC_TASKS = 6;

/** Options of {@link drawArrivals}. */
export interface DrawOptions {
  readonly trace: Trace;
  readonly isSynthetic: boolean;
  readonly scenario: Scenario;
  /** How much of the trace's beginning is used. */
  readonly windowSeconds: number;
  /** Mean jobs per second. Default: as in the trace. */
  readonly rate: string | undefined;
}

/** Draws them, the same for the same trace. @throws LongshoreError `invalid_options`. */
export function drawArrivals({
  trace,
  isSynthetic,
  scenario,
  windowSeconds,
  rate,
}: DrawOptions): Uint32Array {
  const spanSeconds = Math.min(windowSeconds, trace.counts.length * trace.bucketSeconds);
  const meanRatePerSecond =
    rate === undefined ? ownRate(trace, spanSeconds, isSynthetic ? scenario : undefined) : givenRate(rate);
  if (meanRatePerSecond * spanSeconds > MAX_JOBS) {
    const jobs = Math.round(meanRatePerSecond * spanSeconds).toLocaleString('en-US');
    throw new LongshoreError(
      'invalid_options',
      `Cannot simulate ${jobs} jobs: at most ${MAX_JOBS.toLocaleString('en-US')} are, use a shorter --window or a lower --rate`,
    );
  }
  return arrivalsPerSecond(trace, {
    windowSeconds: spanSeconds,
    meanRatePerSecond,
    random: seededRandom(`arrivals/${trace.name}`),
  });
}

function ownRate(trace: Trace, spanSeconds: number, synthetic: Scenario | undefined): number {
  if (synthetic !== undefined) {
    const tasks = Math.min(SYNTHETIC_TASKS, synthetic.maxTasks / 3);
    return (tasks * synthetic.slots) / meanServiceSeconds(synthetic);
  }
  const whole = trace.counts.subarray(0, Math.ceil(spanSeconds / trace.bucketSeconds));
  const rate = whole.reduce((sum, count) => sum + count, 0) / (whole.length * trace.bucketSeconds);
  if (rate > 0) return rate;
  throw new LongshoreError(
    'invalid_options',
    `Nothing arrives in the first ${spanSeconds} s of trace "${trace.name}": use a longer --window or another trace`,
    { details: { trace: trace.name } },
  );
}

function givenRate(text: string): number {
  const rate = Number(text);
  if (/^\d+(?:\.\d+)?$/.test(text) && rate > 0) return rate;
  throw new LongshoreError(
    'invalid_options',
    `--rate is "${text}", expected jobs per second above 0 like 12.5`,
  );
}
