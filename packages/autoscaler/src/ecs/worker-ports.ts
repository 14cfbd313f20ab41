/**
 * What the ECS target knows of workers and tells them. ECS counts tasks; only their workers know who is busy, and only
 * they can stop taking work. `workerReports` and `controlDocuments` have these shapes.
 */
import type { ReportedWorker as FullReport, WorkerFacts } from '../workers/worker-facts.ts';

/** A worker as it last reported. One task runs one worker. */
export type ReportedWorker = Pick<
  FullReport,
  'id' | 'state' | 'busySlots' | 'startedAtMs' | 'heardAtMs' | 'isAnswering'
>;

/** The last reports of all workers. */
export interface WorkerReports {
  /** `undefined` where nothing is known that could be relied on. */
  of(service: string): WorkerFacts | undefined;
  workers(service: string): readonly ReportedWorker[];
}

/** How workers are told to drain. */
export interface WorkerControl {
  /**
   * The workers of the service that shall drain, all of them: whoever is not in the list takes work, again if need be.
   * Calling it twice with the same list changes nothing. Of kind `outranked`: another controller has the say, and this
   * one must scale nothing.
   */
  drain(service: string, workerIds: readonly string[]): Promise<{ readonly kind: string }>;
}
