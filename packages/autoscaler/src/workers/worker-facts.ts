/** What workers that report say together about one service, in the terms of the policy. */
import type { WorkerState } from '@longshore/fleet';
import type { JobTypeFacts } from '../ports.ts';

/** Facts about one service's workers. */
export interface WorkerFacts {
  /** Workers that take work, or do not answer and may. */
  readonly running: number;
  /** Workers that were told to take no work: they leave, or are paused. */
  readonly draining: number;
  /** Running workers with at least one job; one that does not answer counts as busy. */
  readonly busyTasks: number;
  /** Jobs that running workers work on; at least one for each that does not answer. */
  readonly busySlots: number;
  /** Mean duration of recent attempts, weighted by how many each worker measured. */
  readonly meanServiceMs?: number;
  readonly jobs?: readonly JobTypeFacts[];
  /** Longest wait among the jobs that workers received lately, first deliveries only. */
  readonly oldestWaitMs?: number;
  /** From process start to readiness: the highest of the last few starts. */
  readonly startupMs?: number;
  /** Jobs completed or buried since these reports began; never falls. */
  readonly finishedJobs: number;
  /** When this was put together, on the clock of the reader. */
  readonly atMs: number;
}

/** One worker that was heard of. Times are on the clock of the reader. */
export interface ReportedWorker {
  readonly id: string;
  readonly host?: string;
  readonly taskArn?: string;
  readonly revision?: string;
  readonly state: WorkerState;
  readonly busySlots: number;
  readonly slots: number;
  readonly isProtected: boolean;
  readonly startedAtMs: number;
  /** When it was last heard, by the time in its report. */
  readonly heardAtMs: number;
  /** Whether it was heard lately. One that is not may be blocked by a job, or dead. */
  readonly isAnswering: boolean;
}
