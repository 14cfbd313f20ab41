/**
 * What the ECS target knows of workers and tells them. ECS counts tasks; only their workers know who is busy, and only
 * they can stop taking work.
 */
import type { JobTypeFacts } from '../ports.ts';

/** A worker as it last reported. One task runs one worker. */
export interface ReportedWorker {
  readonly id: string;
  /** The ECS task that it runs in, where it knows it. */
  readonly taskArn?: string;
  readonly state: 'running' | 'draining';
  /** Jobs that it works on. */
  readonly busySlots: number;
  readonly slots: number;
  readonly startedAtMs: number;
  /** When the report was made, on the clock of the target. */
  readonly heardAtMs: number;
  /** Whether it has reported lately. One that does not may be busy. */
  readonly isAnswering: boolean;
}

/** The reports of one service's workers, summed up. */
export interface WorkerSummary {
  readonly running: number;
  readonly draining: number;
  readonly busyTasks: number;
  readonly busySlots: number;
  readonly meanServiceMs?: number;
  readonly jobs?: readonly JobTypeFacts[];
  readonly oldestWaitMs?: number;
  readonly startupMs?: number;
  readonly finishedJobs?: number;
  readonly atMs: number;
}

/** The last reports of all workers. */
export interface WorkerReports {
  /** `undefined` where no worker of the service has ever reported. */
  of(service: string): WorkerSummary | undefined;
  workers(service: string): readonly ReportedWorker[];
}

/** How workers are told to drain. */
export interface WorkerControl {
  /**
   * The workers of the service that shall drain, all of them: whoever is not in the list takes work, again if need be.
   * Calling it twice with the same list changes nothing. Of kind `outranked`: another controller has the say, and this
   * one must scale nothing.
   */
  drain(service: string, workerIds: readonly string[]): Promise<{ readonly kind: string } | void>;
}
