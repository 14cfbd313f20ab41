/**
 * Workers for the tasks of the stand-in: each takes jobs, protects its task while it has some, drains when it is told to or
 * gets SIGTERM, and reports as late as a test wants. What must never happen, the stop of a task with a job, is written down.
 */
import type { ReportedWorker, WorkerControl, WorkerMeasures, WorkerReports } from '@longshore/autoscaler/ecs';
import type { Clock } from '@longshore/job';
import type { Task, TaskBody } from './model.ts';
import { protect } from './protection.ts';
import type { TaskHandle } from './world.ts';

/** A worker in a task. */
export interface VirtualWorker {
  readonly id: string;
  readonly service: string;
  readonly task: Task;
  readonly startedAtMs: number;
  busySlots: number;
  isDraining: boolean;
  isTerminated: boolean;
  isGone: boolean;
}

export interface VirtualWorkers extends WorkerReports, WorkerControl {
  /** For the stand-in: what runs in a task. */
  readonly body: (handle: TaskHandle) => TaskBody;
  readonly onStop: (task: Task) => void;
  /** Workers that are there, oldest first. */
  alive(service: string): readonly VirtualWorker[];
  /** Takes a job, if protection is granted. */
  begin(worker: VirtualWorker): boolean;
  end(worker: VirtualWorker): void;
  /** Workers read what they were told, and report. */
  report(): void;
  /** Ids of tasks that were stopped with a job. */
  readonly stoppedBusy: string[];
  /** Workers of which no report arrives. */
  readonly silent: Set<string>;
  /** Every list that was written. */
  readonly lists: { readonly service: string; readonly ids: readonly string[] }[];
  measures: WorkerMeasures;
}

const STALE_MS = 45_000;
const GONE_MS = 120_000;
const SLOTS = 10;
const PROTECTION_MINUTES = 30;

export function virtualWorkers(clock: Clock): VirtualWorkers {
  const workers = new Map<string, VirtualWorker>();
  const exits = new Map<string, () => void>();
  const reports = new Map<string, ReportedWorker & { readonly service: string }>();
  const drains = new Map<string, readonly string[]>();
  const stoppedBusy: string[] = [];
  const silent = new Set<string>();
  const lists: { service: string; ids: readonly string[] }[] = [];

  const alive = (service: string): readonly VirtualWorker[] =>
    [...workers.values()].filter((worker) => worker.service === service && !worker.isGone);
  const leave = (worker: VirtualWorker): void => {
    worker.isGone = true;
    exits.get(worker.id)?.();
  };
  const seen = (service: string): readonly ReportedWorker[] =>
    [...reports.values()]
      .filter((report) => report.service === service && clock.nowMs() - report.heardAtMs < GONE_MS)
      .map((report) => ({ ...report, isAnswering: clock.nowMs() - report.heardAtMs < STALE_MS }));
  const self: VirtualWorkers = {
    body({ task, exit }) {
      const worker: VirtualWorker = {
        id: `worker-${task.id}`,
        service: task.service.name,
        task,
        startedAtMs: clock.nowMs(),
        busySlots: 0,
        isDraining: false,
        isTerminated: false,
        isGone: false,
      };
      workers.set(worker.id, worker);
      exits.set(worker.id, () => exit());
      return {
        stop() {
          worker.isTerminated = true;
          if (worker.busySlots === 0) leave(worker);
        },
        kill() {
          worker.isGone = true;
        },
      };
    },
    onStop(task) {
      if ((workers.get(`worker-${task.id}`)?.busySlots ?? 0) > 0) stoppedBusy.push(task.id);
    },
    alive,
    begin(worker) {
      if (worker.isDraining || worker.isTerminated || worker.isGone || worker.busySlots >= SLOTS)
        return false;
      if (worker.busySlots === 0 && protect(worker.task, PROTECTION_MINUTES, clock.nowMs()) !== undefined)
        return false;
      worker.busySlots += 1;
      return true;
    },
    end(worker) {
      worker.busySlots = Math.max(0, worker.busySlots - 1);
      if (worker.busySlots > 0) return;
      worker.task.protectedUntilMs = undefined;
      if (worker.isTerminated && !worker.isGone) leave(worker);
    },
    report() {
      for (const worker of workers.values()) {
        // A silent worker is one whose reports are lost; it keeps its task protected all the same.
        if (!worker.isGone && worker.busySlots > 0) protect(worker.task, PROTECTION_MINUTES, clock.nowMs());
        if (worker.isGone || silent.has(worker.id)) continue;
        worker.isDraining = drains.get(worker.service)?.includes(worker.id) ?? false;
        reports.set(worker.id, {
          id: worker.id,
          service: worker.service,
          state: worker.isTerminated ? 'draining' : worker.isDraining ? 'paused' : 'running',
          busySlots: worker.busySlots,
          startedAtMs: worker.startedAtMs,
          isAnswering: true,
          heardAtMs: clock.nowMs(),
        });
      }
    },
    async drain(service, ids) {
      drains.set(service, ids);
      lists.push({ service, ids });
      return { kind: 'written' };
    },
    of: (service) => (seen(service).length === 0 ? undefined : self.measures),
    workers: seen,
    measures: {},
    stoppedBusy,
    silent,
    lists,
  };
  return self;
}
