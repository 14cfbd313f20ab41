export { consumeHeartbeats } from './consume-heartbeats.ts';
export type {
  ConsumeHeartbeatsOptions,
  FactsCounts,
  FactsLease,
  FactsLog,
  FactsMessage,
  FactsQueue,
  HeartbeatConsumer,
} from './consume-heartbeats.ts';
export type { ReportedWorker, WorkerFacts } from './worker-facts.ts';
export { workerReports } from './worker-reports.ts';
export type { WorkerReports, WorkerReportsOptions } from './worker-reports.ts';
