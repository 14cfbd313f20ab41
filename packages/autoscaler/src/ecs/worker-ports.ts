/**
 * What the ECS target knows of workers and tells them. ECS counts tasks; only their workers know who is busy, and only
 * they can stop taking work. `workerReports` and `controlDocuments` of this package have these shapes.
 */
import type { WorkerState } from '@longshore/fleet';
import type { TargetFacts } from '../ports.ts';

/** A worker as it last reported. One task runs one worker. Times are on the clock of the target. */
export interface ReportedWorker {
  readonly id: string;
  readonly state: WorkerState;
  /** Jobs that it works on. */
  readonly busySlots: number;
  readonly startedAtMs: number;
  /** When the report was made. */
  readonly heardAtMs: number;
  /** Whether it has reported lately. One that does not may be busy. */
  readonly isAnswering: boolean;
}

/** What a service's workers measured, together. */
export type WorkerMeasures = Pick<
  TargetFacts,
  'meanServiceMs' | 'jobs' | 'oldestWaitMs' | 'startupMs' | 'finishedJobs'
>;

/** The last reports of all workers. */
export interface WorkerReports {
  /** `undefined` where nothing is known that could be relied on. */
  of(service: string): WorkerMeasures | undefined;
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
