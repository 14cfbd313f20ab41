/** How long a ledger keeps what. */
import { LongshoreError } from '@longshore/job';

/** Options of a ledger's driver. */
export interface Retention {
  /** Counts and histograms, 1 day to 10 years. Default 35 days: five of each day of the week, for the season. */
  readonly countsMs?: number;
  /** Examples, 1 minute to 10 years. Default 7 days. */
  readonly jobsMs?: number;
  /** Most examples kept, from 1,000. Default 1,000,000, about 250 MB. */
  readonly maxJobs?: number;
  /** Scaling records, 1 minute to 10 years. Default 14 days. */
  readonly scalingMs?: number;
}

const DAY_MS = 86_400_000;
const DEFAULTS: Required<Retention> = {
  countsMs: 35 * DAY_MS,
  jobsMs: 7 * DAY_MS,
  maxJobs: 1_000_000,
  scalingMs: 14 * DAY_MS,
};
const LIMITS: Readonly<Record<keyof Retention, readonly [low: number, high: number]>> = {
  countsMs: [DAY_MS, 3_650 * DAY_MS],
  jobsMs: [60_000, 3_650 * DAY_MS],
  maxJobs: [1_000, 1_000_000_000],
  scalingMs: [60_000, 3_650 * DAY_MS],
};

/** With defaults. @throws LongshoreError `invalid_options`, all faults in one message */
export function checkedRetention(retention: Retention = {}): Required<Retention> {
  const checked = { ...DEFAULTS, ...retention };
  const faults = Object.entries(LIMITS).flatMap(([name, [low, high]]) => {
    const value = checked[name as keyof Retention];
    return value >= low && value <= high ? [] : [`${name} is ${value}, expected ${low} to ${high}`];
  });
  if (faults.length === 0) return checked;
  throw new LongshoreError(
    'invalid_options',
    `Cannot keep a ledger with this retention: ${faults.join('; ')}`,
  );
}
