export type {
  ArrivalBucket,
  ArrivalCounts,
  ArrivalsQuery,
  AttemptCounts,
  BinCount,
  JobExample,
  JobSummary,
  JobsQuery,
  Ledger,
  LedgerBatch,
  LedgerWriter,
  PeriodQuery,
  PruneResult,
  RecordedJob,
  ScalingQuery,
  ScalingRecord,
  Summary,
  Times,
  WorkerSummary,
} from './ledger.ts';
export type { Retention } from './retention.ts';
export { quantileMs } from './histogram.ts';
export { createRecorder } from './recorder.ts';
export type { MemoryUse, Recorder, RecorderLog, RecorderOptions } from './recorder.ts';
export type { EndedAttempt } from './tally.ts';
