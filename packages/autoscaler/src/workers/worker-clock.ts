/**
 * Reads a worker's clock: when a report was true, on the clock of the reader.
 *
 * Clocks differ and reports come late, and the two cannot be told apart from one report. The smallest difference seen is
 * the one with the least delay, so that reports count as late by what they came later than the fastest one.
 */

/** The clock of one worker. */
export interface WorkerClock {
  /** A report came at `nowMs` that was made at `atMs` of the worker's clock; when that was, at most `nowMs`. */
  read(atMs: number, nowMs: number): number;
  /** A time on the worker's clock on the reader's. */
  toReader(atMs: number): number;
}

/**
 * The known difference grows by this share of the time, so that one that has become larger (a virtual machine stood still,
 * clocks drift) is believed after a while. A reader that falls behind does so faster.
 */
const CREEP = 0.05;

/** A clock that nothing is known of. */
export function workerClock(): WorkerClock {
  let offsetMs = Infinity;
  let readAtMs = 0;
  return {
    read(atMs, nowMs) {
      const crept = offsetMs + Math.max(0, nowMs - readAtMs) * CREEP;
      offsetMs = Math.min(nowMs - atMs, crept);
      readAtMs = nowMs;
      return Math.min(nowMs, atMs + offsetMs);
    },
    toReader: (atMs) => atMs + offsetMs,
  };
}
