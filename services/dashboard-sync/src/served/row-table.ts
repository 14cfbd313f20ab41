/**
 * Datasets in memory, for sinks that serve what they are given. Each holds at most so many rows: the oldest by `deleteBy`
 * go first, else those that were pushed first.
 */
import { LongshoreError } from '@longshore/job';
import { rowKey } from '../checked-sink.ts';
import type { Dataset, Row } from '../dashboard-sink.ts';

/** A dataset and its rows. */
export interface Table {
  readonly dataset: Dataset;
  /** In the order of `deleteBy`, the oldest first, where there is one. */
  readonly rows: readonly Row[];
  /** Of the last push, milliseconds since the epoch. */
  readonly pushedAtMs?: number;
}

/** The tables of a sink. */
export interface RowTables {
  /** Rows stay, unless fields or key differ from what was described before. */
  describe(dataset: Dataset): void;
  /** @throws LongshoreError `dashboard_refused` for a dataset that was not described */
  push(dataset: Dataset, rows: readonly Row[], mode: 'merge' | 'replace', atMs: number): void;
  remove(id: string): void;
  get(id: string): Table | undefined;
  all(): readonly Table[];
}

/** Makes tables that hold at most `maxRows` each. */
export function rowTables(maxRows: number): RowTables {
  const tables = new Map<string, Table>();
  return {
    describe(dataset) {
      const known = tables.get(dataset.id);
      const isSame = known !== undefined && shapeOf(known.dataset) === shapeOf(dataset);
      tables.set(dataset.id, isSame ? { ...known, dataset } : { dataset, rows: [] });
    },
    push({ id }, rows, mode, atMs) {
      const table = tables.get(id);
      if (table === undefined)
        throw new LongshoreError('dashboard_refused', `Dataset "${id}" is not known here: describe it first`);
      const { dataset } = table;
      const kept = new Map<string, Row>();
      for (const row of mode === 'merge' ? [...table.rows, ...rows] : rows)
        kept.set(rowKey(dataset, row), row);
      tables.set(id, {
        dataset,
        rows: ordered(dataset, [...kept.values()]).slice(-maxRows),
        pushedAtMs: atMs,
      });
    },
    remove: (id) => void tables.delete(id),
    get: (id) => tables.get(id),
    all: () => [...tables.values()],
  };
}

/** Milliseconds since the epoch of a date or datetime field; the oldest of all where there is none. */
export function instantOf(row: Row, id: string): number {
  const value = row[id];
  return typeof value === 'string' ? Date.parse(value) : -Infinity;
}

function ordered({ deleteBy }: Dataset, rows: Row[]): readonly Row[] {
  if (deleteBy === undefined) return rows;
  return rows.toSorted((a, b) => instantOf(a, deleteBy) - instantOf(b, deleteBy));
}

function shapeOf({ fields, uniqueBy }: Dataset): string {
  return JSON.stringify([fields, uniqueBy]);
}
