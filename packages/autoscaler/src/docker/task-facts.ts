/** A service's tasks and its workers' reports as the facts that the policy is told. Pure. */
import type { JobTypeFacts, TargetFacts } from '../ports.ts';
import type { ContainerWorker, DockerTask } from './tasks.ts';

/** The last reports of workers. */
export interface WorkerReports {
  /** A service's workers together; `undefined` while nothing is known that could be relied on. */
  of(service: string): WorkerSummary | undefined;
  /** Workers of a service that are alive or may be. */
  workers(service: string): readonly ContainerWorker[];
}

/** What a service's workers measured. */
export interface WorkerSummary {
  readonly meanServiceMs?: number;
  readonly jobs?: readonly JobTypeFacts[];
  readonly oldestWaitMs?: number;
  readonly startupMs?: number;
  readonly finishedJobs?: number;
}

/** What the facts are made of. */
export interface TaskFactsInputs {
  readonly tasks: readonly DockerTask[];
  readonly desired: number;
  /** Whether missing tasks cannot be started for now. */
  readonly isHeldUp: boolean;
  readonly reports: WorkerSummary | undefined;
  /** Start-up time as health checks tell it, for services whose workers do not report their own. */
  readonly seenStartupMs: number | undefined;
  /** Why the last start failed. */
  readonly shortage: string | undefined;
  readonly atMs: number;
}

/** The facts. */
export function taskFacts(inputs: TaskFactsInputs): TargetFacts {
  const { tasks, desired, isHeldUp, reports = {}, seenStartupMs, atMs } = inputs;
  const startShortage = inputs.shortage;
  const running = tasks.filter(({ state }) => state === 'running');
  const starting = tasks.filter(({ state }) => state === 'starting').length;
  const missing = desired - running.length;
  const shortage = missing > 0 ? (startShortage ?? memoryShortage(tasks)) : undefined;
  const { meanServiceMs, jobs, oldestWaitMs, finishedJobs, startupMs = seenStartupMs } = reports;
  return {
    desired,
    running: running.length,
    // What is not created yet, a few at a time, is on its way as well.
    pending: isHeldUp ? starting : Math.max(starting, missing),
    busyTasks: running.filter(({ busy }) => busy > 0).length,
    canDrain: true,
    busySlots: running.reduce((sum, { busy }) => sum + busy, 0),
    draining: tasks.filter(({ state }) => state === 'draining').length,
    ...(meanServiceMs === undefined ? {} : { meanServiceMs }),
    ...(jobs === undefined ? {} : { jobs }),
    ...(oldestWaitMs === undefined ? {} : { oldestWaitMs }),
    ...(finishedJobs === undefined ? {} : { finishedJobs }),
    ...(startupMs === undefined ? {} : { startupMs }),
    ...(shortage === undefined ? {} : { shortage }),
    atMs,
  };
}

/** A container that was killed for its memory and is not up again. */
function memoryShortage(tasks: readonly DockerTask[]): string | undefined {
  const isOut = tasks.some(
    ({ state, container: { isOutOfMemory, isRestarting } }) =>
      isOutOfMemory && (isRestarting || state === 'dead'),
  );
  return isOut ? 'RESOURCE:MEMORY' : undefined;
}
