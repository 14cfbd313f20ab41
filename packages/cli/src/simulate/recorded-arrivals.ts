/** What the ledger knows of a service's past: its arrivals as a trace, and its jobs' durations. */
import { formatDuration, LongshoreError } from '@longshore/job';
import type { JobSummary, Ledger } from '@longshore/ledger';
import type { SimulatedJobType, Trace } from '@longshore/simulator';

/** Length of the ledger's shortest buckets. */
const BUCKET_MS = 10_000;
/** Without a second duration there is no spread to measure: the everyday one. */
const ASSUMED_SIGMA = 1;

/** The past of a service. */
export interface RecordedPast {
  readonly trace: Trace;
  /** Types of jobs with their durations; empty where none ended. */
  readonly jobTypes: readonly SimulatedJobType[];
}

/**
 * Reads the last hours of a service.
 *
 * @throws LongshoreError `invalid_options` when nothing arrived in that time; what the ledger throws.
 */
export async function recordedArrivals(
  ledger: Pick<Ledger, 'arrivals' | 'summary'>,
  { service, lastMs, nowMs }: { readonly service: string; readonly lastMs: number; readonly nowMs: number },
): Promise<RecordedPast> {
  const toMs = Math.floor(nowMs / BUCKET_MS) * BUCKET_MS;
  const fromMs = Math.ceil((nowMs - lastMs) / BUCKET_MS) * BUCKET_MS;
  const period = { service, fromMs, toMs };
  const [buckets, { jobs }] = await Promise.all([
    toMs > fromMs ? ledger.arrivals({ ...period, bucketMs: BUCKET_MS }) : [],
    toMs > fromMs ? ledger.summary(period) : { jobs: [] },
  ]);
  const counts = new Float64Array(Math.max(0, (toMs - fromMs) / BUCKET_MS));
  for (const { atMs, count } of buckets) {
    const bucket = (atMs - fromMs) / BUCKET_MS;
    if (bucket >= 0 && bucket < counts.length) counts[bucket] = (counts[bucket] ?? 0) + count;
  }
  if (counts.every((count) => count === 0)) {
    throw new LongshoreError(
      'invalid_options',
      `No job of "${service}" arrived in the last ${formatDuration(lastMs)}: give a longer --last, or a --trace`,
      { details: { service } },
    );
  }
  const trace = {
    name: `${service}-last-${formatDuration(lastMs)}`,
    bucketSeconds: BUCKET_MS / 1_000,
    counts,
    startMs: fromMs,
  };
  return { trace, jobTypes: jobs.flatMap(jobType) };
}

/** A type of job with a lognormal spread of the same mean and variance as was measured. */
function jobType({ ran }: JobSummary): SimulatedJobType[] {
  if (ran.count === 0 || ran.meanMs <= 0) return [];
  const squares = ran.bins.reduce((sum, { ms, count }) => sum + count * (ms - ran.meanMs) ** 2, 0);
  const variance = squares / ran.count;
  const sigma = ran.count < 2 ? ASSUMED_SIGMA : Math.sqrt(Math.log(1 + variance / ran.meanMs ** 2));
  return [{ share: ran.count, meanSeconds: ran.meanMs / 1_000, sigma }];
}
