/**
 * What drivers have in common: tables of the same names and columns, and therefore the same statements to read them. A
 * driver brings its dialect's tables, `append` (which must be atomic), and a way to run a statement.
 */
import type { Ledger, LedgerBatch } from './ledger.ts';
import { readArrivals, readJobs, readScaling, readSummary } from './reading.ts';
import type { Retention } from './retention.ts';
import { appendScaling, pruneRows } from './upkeep.ts';

/** A row as a database gives it: whole numbers may be texts. */
export type Row = Readonly<Record<string, unknown>>;

/** Runs one statement whose values are called `$1`, `$2` and so on. */
export type RunStatement = (
  text: string,
  values: readonly (string | number | null)[],
) => Promise<readonly Row[]>;

/** What a driver brings. */
export interface LedgerStore {
  readonly run: RunStatement;
  append(batch: LedgerBatch): Promise<void>;
  /** May be called again. */
  close(): Promise<void>;
}

/** A ledger on a store. */
export function ledgerOn(store: LedgerStore, retention: Required<Retention>): Ledger {
  const { run } = store;
  return {
    append: (batch) => store.append(batch),
    arrivals: async (query) => await readArrivals(run, query),
    summary: async (query) => await readSummary(run, query),
    jobs: async (query) => await readJobs(run, query),
    appendScaling: async (records) => await appendScaling(run, records),
    scaling: async (query) => await readScaling(run, query),
    prune: async (nowMs) => await pruneRows(run, retention, nowMs),
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
  };
}
