/**
 * A database of SQL as a few tables of a service need it: statements whose values are called `$1`, `$2` and so on, in what
 * SQLite and PostgreSQL have in common, and transactions.
 */

import type { ErrorCode } from '@longshore/job';

/** Whose tables they are, for messages. */
export interface SqlUse {
  /** In the plural: `deliveries`. */
  readonly what: string;
  /** Code of the error that tells that the database does not answer; retryable. */
  readonly unavailable: ErrorCode;
}

/** A row as a database gives it: whole numbers may be texts. */
export type Row = Readonly<Record<string, unknown>>;

/** A value of a statement. */
export type SqlValue = string | number | null;

/** Runs one statement. @throws LongshoreError {@link SqlUse.unavailable} (retryable), `invalid_options` */
export type Run = (text: string, values?: readonly SqlValue[]) => Promise<readonly Row[]>;

/** A database. Disposing of it closes it. */
export interface Sql {
  readonly run: Run;
  /** Runs work in a transaction, which is rolled back when the work fails. */
  readonly transaction: <Result>(work: (run: Run) => Promise<Result>) => Promise<Result>;
  /** What makes a `SELECT` hold its rows until the transaction ends; empty where writers exclude each other anyway. */
  readonly forUpdate: string;
  /** Makes that pass over rows that others hold. */
  readonly skipLocked: string;
  /** Run first when tables are made, so that processes that start together do so one after the other. */
  readonly lockSchema: string | undefined;
  close(): Promise<void>;
}

/** A text column. */
export function text(row: Row, column: string): string {
  const value = row[column];
  return typeof value === 'string' ? value : String(value);
}

/** A whole number, which PostgreSQL gives as a text. */
export function whole(row: Row, column: string): number {
  return Number(row[column]);
}

/** A column that may be null. */
export function optional<Value>(
  row: Row,
  column: string,
  read: (row: Row, column: string) => Value,
): Value | undefined {
  return row[column] === null || row[column] === undefined ? undefined : read(row, column);
}

/** A column of JSON that this program wrote: the caller knows what. */
export function json(row: Row, column: string): unknown {
  return JSON.parse(text(row, column)) as unknown;
}
