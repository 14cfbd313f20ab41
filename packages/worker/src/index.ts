export { handle } from './handler.ts';
export type {
  FollowUpOptions,
  Handler,
  HandlerBinding,
  HandlerContext,
  JobFacts,
  Logger,
  OnceClaim,
  OnceRunner,
} from './handler.ts';
export { jsonLog } from './json-log.ts';
export type { JsonLogOptions, LogLevel } from './json-log.ts';
export { createWorker } from './worker.ts';
export type { Worker, WorkerOptions, WorkerStats } from './worker.ts';
export type { JobTypeStats } from './worker-figures.ts';
export type { FinishedAttempt } from './session-options.ts';
export type { ForeignDecoder } from './admission.ts';
export type { FollowUpSender } from './attempt.ts';
export { serveHealth } from './health.ts';
export type { HealthOptions, HealthServer } from './health.ts';
export type { ProtectionCounts, ProtectionState, TaskProtection } from './task-protection.ts';
export { handleBatch } from './handle-batch.ts';
export { microBatch } from './micro-batch.ts';
export type { MicroBatch, MicroBatchOptions } from './micro-batch.ts';
export type { RecordOutcome, WriteBatch } from './write-batch.ts';
