/**
 * What the fleet's workers share: counters, which of their rows each dashboard has yet to be shown, and how many requests
 * an account has left. Times are milliseconds since the epoch, by the callers' clocks.
 *
 * Invariants of every driver: a fact is counted once, or not at all, with everything that it adds; a row that was changed
 * while it was being pushed stays due; no account is given more requests than its limit in any window, over all processes.
 */
import type { Counters, Tally } from '../datasets/tallied-dataset.ts';

/** Something that happened. */
export interface CountedFact {
  /** The same when it is told again. */
  readonly id: string;
  readonly tallies: readonly (Tally & { readonly dataset: string })[];
}

/** A row's counters. */
export interface CountedRow {
  readonly key: string;
  /** Grows with each change. */
  readonly version: number;
  readonly counters: Counters;
}

/** Which rows, the newest first. */
export interface RowQuery {
  readonly dataset: string;
  /** Among how many of the newest. */
  readonly newest: number;
  readonly limit: number;
}

/** A request for requests. */
export interface CallRequest {
  readonly account: string;
  /** At most so many in any window of `windowMs`. */
  readonly calls: number;
  readonly windowMs: number;
  readonly nowMs: number;
}

/** The store. All throw LongshoreError `dashboard_unavailable` (retryable) when the database does not answer. */
export interface DashboardStore extends AsyncDisposable {
  /** Counts facts in one transaction; those that were counted before change nothing. Answers how many were new. */
  count(facts: readonly CountedFact[], nowMs: number): Promise<number>;
  /** The newest rows of a dataset. */
  rows(query: Omit<RowQuery, 'limit'>): Promise<readonly CountedRow[]>;
  /** Rows that a dashboard has not been shown as they are now. */
  due(dashboard: string, query: RowQuery): Promise<readonly CountedRow[]>;
  /** Remembers which versions a dashboard was shown. */
  shown(dashboard: string, dataset: string, rows: readonly Omit<CountedRow, 'counters'>[]): Promise<void>;
  /** Forgets what a dashboard was shown of some rows: whether it has them is not known. */
  doubt(dashboard: string, dataset: string, keys: readonly string[]): Promise<void>;
  /** Takes or renews the right to push, until a time. `false`: somebody else has it. */
  lead(
    name: string,
    holder: string,
    time: { readonly nowMs: number; readonly untilMs: number },
  ): Promise<boolean>;
  /** Gives that right up. */
  resign(name: string, holder: string): Promise<void>;
  /** Takes one request of an account's; otherwise the time from which on to ask again. */
  takeCall(
    request: CallRequest,
  ): Promise<{ readonly isTaken: true } | { readonly isTaken: false; readonly atMs: number }>;
  /** Gives no requests of an account before a time, for all processes. */
  pause(account: string, untilMs: number): Promise<void>;
  /** Forgets which facts were counted before a time, and rows that last changed before another. Answers how many. */
  prune(before: { readonly factsMs: number; readonly rowsMs: number }): Promise<number>;
  close(): Promise<void>;
}
