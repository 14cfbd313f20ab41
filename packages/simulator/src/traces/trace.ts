/** An arrival trace: how many jobs arrived in each of many equally long buckets. */

/** Counts of arrivals over time, with no gaps. */
export interface Trace {
  /** For tables and file names. */
  readonly name: string;
  /** Length of a bucket, a whole number of seconds from 1. */
  readonly bucketSeconds: number;
  /** Arrivals in each bucket, 0 or more. Fractions are allowed: only their proportions matter to a simulation. */
  readonly counts: Float64Array;
  /** When the first bucket starts, Unix milliseconds. */
  readonly startMs: number;
}
