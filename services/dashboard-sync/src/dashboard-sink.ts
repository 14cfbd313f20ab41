/**
 * The port to dashboards: typed datasets, and rows that are merged by key or replace what is there. What a dashboard
 * cannot take is declared as data, so that a dataset is refused before its first row.
 */

/** What a field holds. Dates are `YYYY-MM-DD`, datetimes ISO 8601, a percentage is a share: 0.35 is 35 %, 1.5 is 150 %. */
export type FieldType = 'string' | 'number' | 'date' | 'datetime' | 'percentage' | 'money' | 'duration';

/** A column of a dataset. */
export interface Field {
  readonly type: FieldType;
  /** What people read. */
  readonly name: string;
  /** Whether a row may hold `null` in it; never where it is part of `uniqueBy`. Default `false`. */
  readonly optional?: boolean;
  /** ISO 4217; money only, and needed there. */
  readonly currencyCode?: string;
  /** Durations only, and needed there. */
  readonly timeUnit?: 'milliseconds' | 'seconds' | 'minutes' | 'hours';
}

/** A dataset: its fields by id, and the fields whose values together tell rows apart. */
export interface Dataset {
  readonly id: string;
  readonly fields: Readonly<Record<string, Field>>;
  readonly uniqueBy: readonly string[];
  /** The date or datetime that orders rows, the oldest discarded first, where there are more than the dashboard keeps. */
  readonly deleteBy?: string;
}

/** A row: a value for each field. Numbers are numbers, all else strings. */
export type Row = Readonly<Record<string, string | number | null>>;

/** What a dashboard takes at most; absent where it has no such limit. */
export interface SinkLimits {
  readonly rowsPerRequest?: number;
  readonly rowsPerDataset?: number;
  readonly fields?: number;
  /** Longest string, in UTF-16 code units. */
  readonly stringLength?: number;
  readonly requestsPerMinute?: number;
}

/** Options of a call to a sink. */
export interface SinkCallOptions {
  readonly signal?: AbortSignal;
}

/**
 * A dashboard. Where `limits.requestsPerMinute` is declared, each call is one request to it. Errors:
 * `dashboard_unavailable` (retryable, `details.status` and, where the dashboard said when to come again,
 * `details.retryAfterMs`), `dashboard_refused` (never retryable; `details.status`, or `details.faults` where nothing was
 * sent); an aborted call rejects with its signal's reason.
 */
export interface DashboardSink {
  readonly name: string;
  readonly limits: SinkLimits;
  /**
   * Whether this process itself serves the rows, from its memory. They are gone with it, and no other process has them:
   * every process replaces its own, whole, from what is shared. Where it is `false`, one process pushes for all.
   */
  readonly isLocal: boolean;
  /** Whose limit of requests it shares with others, such as the hash of a key. Default: its name. */
  readonly account?: string;
  /**
   * Creates the dataset if it is not there; does nothing if it is, just so.
   *
   * @throws LongshoreError `invalid_options` for a dataset that the dashboard cannot take
   */
  describe(dataset: Dataset, options?: SinkCallOptions): Promise<void>;
  /**
   * Merges rows by `uniqueBy`, or replaces all rows, of a dataset that was described. At most `limits.rowsPerRequest`
   * rows. Of rows with the same key the last one counts.
   */
  push(
    dataset: Dataset,
    rows: readonly Row[],
    mode: 'merge' | 'replace',
    options?: SinkCallOptions,
  ): Promise<void>;
  /** Removes the dataset. Removing what is not there succeeds. */
  remove(id: string, options?: SinkCallOptions): Promise<void>;
}

/** A sink that holds connections or a port until it is disposed of. */
export interface OpenedSink extends DashboardSink, AsyncDisposable {}
