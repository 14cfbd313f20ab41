/**
 * What happened in a fleet, as a port: workers and producers append what they counted, controllers append what they saw
 * and decided, and the policy's history, the command line and the simulator read it. Drivers: `@longshore/ledger/sqlite`,
 * `@longshore/ledger/postgres`.
 */
import type { OutcomeKind } from '@longshore/job';

/** Attempts that ended in ten seconds, of one job and outcome. */
export interface AttemptCounts {
  /** Start of the ten seconds, epoch ms. */
  readonly atMs: number;
  readonly job: string;
  readonly outcome: OutcomeKind;
  readonly count: number;
  /** Sum of their attempt numbers: divided by `count`, the mean number of the attempt. */
  readonly attempts: number;
  /** Sum of the waits of first deliveries. */
  readonly waitedMs: number;
  /** Sum of the durations. */
  readonly ranMs: number;
}

/** Jobs that arrived in ten seconds. */
export interface ArrivalCounts {
  readonly atMs: number;
  /** The service that works on them. */
  readonly service: string;
  readonly job: string;
  /** Those that a producer sent then. */
  readonly sent: number;
  /** Those that a worker completed or buried since, by when they were sent. */
  readonly settled: number;
}

/** One bin of a histogram of five minutes; see `binOf`. */
export interface BinCount {
  /** Start of the five minutes, epoch ms. */
  readonly atMs: number;
  readonly job: string;
  readonly kind: 'wait' | 'run';
  readonly bin: number;
  readonly count: number;
}

/** One attempt, kept as an example. */
export interface JobExample {
  /** When it ended, epoch ms. */
  readonly atMs: number;
  readonly job: string;
  /** Absent for messages that could not be read. */
  readonly id?: string;
  readonly outcome: OutcomeKind;
  /** From 1; 0 where no handler ran. */
  readonly attempt: number;
  readonly waitedMs: number;
  readonly ranMs: number;
  /** Of attempts that did not go well. */
  readonly code?: string;
  readonly reason?: string;
}

/** Who appends: one run of one process. */
export interface LedgerWriter {
  /** Unique for this run. */
  readonly writer: string;
  /** Name of the worker, for people. */
  readonly worker: string;
  readonly service: string;
  readonly revision: string;
  /** Resident memory now and at its highest. */
  readonly rssBytes: number;
  readonly maxRssBytes: number;
  /** Attempts and sends that could not be recorded since the process started. */
  readonly dropped: number;
}

/** What a writer counted since its last batch. A batch whose `sequence` is not above its writer's last is ignored. */
export interface LedgerBatch extends LedgerWriter {
  /** From 1, rising. */
  readonly sequence: number;
  readonly atMs: number;
  readonly attempts: readonly AttemptCounts[];
  readonly arrivals: readonly ArrivalCounts[];
  readonly bins: readonly BinCount[];
  readonly jobs: readonly JobExample[];
}

/** Which part of the ledger: of one service or job, or of all; from `fromMs`, before `toMs`. */
export interface PeriodQuery {
  readonly service?: string;
  readonly job?: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** A query for arrivals. */
export interface ArrivalsQuery extends PeriodQuery {
  /** Length of the buckets: a multiple of 10,000. Default 10,000. They begin at multiples of it since the epoch. */
  readonly bucketMs?: number;
}

/** Jobs that arrived in a bucket. Buckets without arrivals are left out. */
export interface ArrivalBucket {
  /** Start of the bucket, epoch ms. */
  readonly atMs: number;
  readonly service: string;
  readonly job: string;
  /**
   * The larger of `sent` and `settled`. Where producers record, `sent` is whole and at once; where they do not (events of
   * S3, producers elsewhere), `settled` is whole as soon as the jobs have ended.
   */
  readonly count: number;
  readonly sent: number;
  readonly settled: number;
}

/** A distribution. */
export interface Times {
  readonly count: number;
  /** Exact; 0 when there is none. */
  readonly meanMs: number;
  /** Ascending. `ms` stands for every value of its bin and is at most 5 % off; see `quantileMs`. */
  readonly bins: readonly { readonly ms: number; readonly count: number }[];
}

/** How the attempts of one job went in a period. */
export interface JobSummary {
  readonly service: string;
  readonly job: string;
  readonly outcomes: Readonly<Partial<Record<OutcomeKind, number>>>;
  /** Mean attempt number of the completed ones: 1 when none had to be repeated; 0 when none was completed. */
  readonly meanAttempts: number;
  /** From sent to started, first deliveries only. */
  readonly waited: Times;
  /** Durations of all attempts that ran. */
  readonly ran: Times;
}

/** What a process said of itself last. */
export interface WorkerSummary extends LedgerWriter {
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
}

/** A period in figures. */
export interface Summary {
  readonly jobs: readonly JobSummary[];
  /** Processes that wrote in the period, last seen first, at most 1,000. */
  readonly workers: readonly WorkerSummary[];
}

/** A query for examples. */
export interface JobsQuery extends PeriodQuery {
  /** Default all. */
  readonly outcomes?: readonly OutcomeKind[];
  /** 1 to 10,000. Default 100. */
  readonly limit?: number;
}

/** An example with who ran it. */
export interface RecordedJob extends JobExample {
  readonly service: string;
  readonly worker: string;
  readonly revision: string;
}

/** One step of a controller. The ledger looks into nothing of `record`. */
export interface ScalingRecord {
  readonly service: string;
  /** One record for a service and a moment: a second one is ignored, so that a write may be repeated. */
  readonly atMs: number;
  readonly desired: number;
  /** Whether the desired count changed. */
  readonly isChange: boolean;
  readonly reason: string;
  /** JSON: facts and decision, given back as they were. */
  readonly record: unknown;
}

/** A query for scaling records. */
export interface ScalingQuery {
  readonly service?: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Only those that changed the desired count. Default `false`. */
  readonly changesOnly?: boolean;
  /** Default `oldest` first; with `newest` the last ones come first. */
  readonly order?: 'oldest' | 'newest';
  /** 1 to 100,000. Default 1,000. The next page begins after the last `atMs`, or before it with `newest`. */
  readonly limit?: number;
}

/** What `prune` did. */
export interface PruneResult {
  readonly removed: number;
  /** `false`: more is too old; call again. */
  readonly isDone: boolean;
}

/**
 * A ledger.
 *
 * All methods reject with LongshoreError `ledger_unavailable` (retryable) when the store does not answer,
 * `ledger_incompatible` when it is none or one of a newer version, `invalid_options` for a wrong query, `closed`.
 */
export interface Ledger extends AsyncDisposable {
  /** All of the batch or nothing; the same batch again changes nothing. */
  append(batch: LedgerBatch): Promise<void>;
  /** By time, service and job. */
  arrivals(query: ArrivalsQuery): Promise<readonly ArrivalBucket[]>;
  /** Outcomes, waits, durations and workers. The period is widened to whole five minutes. */
  summary(query: PeriodQuery): Promise<Summary>;
  /** Examples, last ended first: failures, the slowest, a sample. Never all jobs. */
  jobs(query: JobsQuery): Promise<readonly RecordedJob[]>;
  appendScaling(records: readonly ScalingRecord[]): Promise<void>;
  scaling(query: ScalingQuery): Promise<readonly ScalingRecord[]>;
  /** Removes a bounded number of rows that are older than the ledger's retention. */
  prune(nowMs: number): Promise<PruneResult>;
  close(): Promise<void>;
}
