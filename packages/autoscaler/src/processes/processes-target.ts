/**
 * Services as local processes: one child process per task, on this machine.
 *
 * Per service a small scheduler keeps the asked-for count; this door checks, routes by service name and stops them all.
 */
import { LongshoreError, systemClock, type Clock } from '@longshore/job';
import type { ScalingTarget } from '../ports.ts';
import { ServiceTasks, type OnLine, type ProcessesLog } from './service-tasks.ts';
import type { ProcessTask, TaskCommand } from './task.ts';

/** Options of {@link processesTarget}. */
export interface ProcessesOptions {
  /** How to start a task of a service; asked at each start. What it throws counts as a task that could not start. */
  readonly commandFor: (service: string) => TaskCommand;
  /** Called when a process has ended, asked or not; `exit` is present. */
  readonly onExit?: (task: ProcessTask) => void;
  /** Called with each line of output. Default: output goes where this process's goes. */
  readonly onLine?: OnLine;
  readonly log?: ProcessesLog;
  readonly clock?: Clock;
  /** Time after a task's drain time before SIGKILL. Default 5,000, the flush and the exit. */
  readonly graceMs?: number;
  /** A task that has not reported `running` by then is killed and counts as crashed. Default 120,000. */
  readonly startLimitMs?: number;
}

/** Local processes as a scaling target. */
export interface ProcessesTarget extends ScalingTarget, AsyncDisposable {
  /** Tasks of all services: live ones, then of each service the last five that ended unasked (`exited`, with `exit`). */
  tasks(): readonly ProcessTask[];
  /** Jobs that the service's tasks, present and gone, completed or buried. */
  finishedJobs(service: string): number;
  /**
   * Drains all tasks, SIGKILLs what is left after `deadlineMs` (default 30,000), resolves when all are gone. Another call
   * moves the deadline. Afterwards `apply` rejects with `closed`.
   */
  stop(options?: { readonly deadlineMs?: number }): Promise<void>;
}

const DEFAULT_GRACE_MS = 5_000;
const DEFAULT_START_LIMIT_MS = 120_000;
/** The drain of a fleet's service, 25 s, and the grace. */
const DEFAULT_DEADLINE_MS = 30_000;
const SILENT: ProcessesLog = { info: () => {}, warn: () => {} };

/**
 * A target that runs tasks as child processes. Nothing runs until a count is applied; then a task that dies is replaced,
 * with a growing pause while tasks die young.
 *
 * Workers report by {@link WorkerHeartbeat} messages over their IPC channel, drain at SIGTERM, and must leave when the
 * channel disconnects: the parent is gone then, and nobody else would end them.
 */
export function processesTarget(options: ProcessesOptions): ProcessesTarget {
  const services = new Map<string, ServiceTasks>();
  let isStopped = false;

  const tasksOf = (service: string): ServiceTasks => {
    let tasks = services.get(service);
    if (tasks === undefined) {
      tasks = serviceTasks(service, options);
      services.set(service, tasks);
    }
    return tasks;
  };
  const stop = async ({
    deadlineMs = DEFAULT_DEADLINE_MS,
  }: { readonly deadlineMs?: number } = {}): Promise<void> => {
    isStopped = true;
    await Promise.all([...services.values()].map((tasks) => tasks.stop(deadlineMs)));
  };
  return {
    observe: async (service) => tasksOf(service).observe(),
    apply: async (service, desired) => {
      if (isStopped) {
        throw new LongshoreError(
          'closed',
          `Cannot scale "${service}" to ${desired}: its processes have been stopped`,
        );
      }
      if (!Number.isSafeInteger(desired) || desired < 0) {
        throw new LongshoreError(
          'invalid_options',
          `Cannot scale "${service}" to ${desired}: expected a whole number from 0`,
        );
      }
      tasksOf(service).scaleTo(desired);
    },
    tasks: () => [...services.values()].flatMap((tasks) => tasks.snapshot()),
    finishedJobs: (service) => tasksOf(service).finishedJobs,
    stop,
    [Symbol.asyncDispose]: () => stop(),
  };
}

function serviceTasks(service: string, options: ProcessesOptions): ServiceTasks {
  const { commandFor, onLine, onExit, clock = systemClock, log = SILENT } = options;
  const { graceMs = DEFAULT_GRACE_MS, startLimitMs = DEFAULT_START_LIMIT_MS } = options;
  return new ServiceTasks({
    service,
    commandFor,
    clock,
    log,
    graceMs,
    startLimitMs,
    onLine,
    onExit: (task) => onExit?.(task),
  });
}
