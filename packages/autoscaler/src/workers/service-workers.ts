/** The workers of one service that were heard of, and what they say together. */
import type { WorkerHeartbeat } from '@longshore/fleet';
import type { JobTypeFacts } from '../ports.ts';
import { jobSummaries, weightOf, type JobSummary, type Report } from './job-summary.ts';
import { ReportingWorker, type Presence, type SilenceLimits } from './reporting-worker.ts';
import type { ReportedWorker, WorkerFacts } from './worker-facts.ts';

/** Start-ups that the plan is made of. */
const STARTUPS_KEPT = 8;
/**
 * How long a worker is remembered that has left, so that a report that comes late does not raise it, and one that was
 * taken for dead goes on where it was. Longer than a queue keeps a report that anybody reads.
 */
const REMEMBERED_MS = 3_600_000;
/** Ten times the tasks that a service may have, for those that come and go. More are not ours. */
const MAX_WORKERS = 50_000;
const MAX_JOB_TYPES = 1_000;

/** What is known of one job type, whoever is there. */
interface JobTotals {
  finished: number;
  serviceMs: JobSummary['serviceMs'];
}

type Present = readonly (readonly [ReportingWorker, Presence])[];

/** Workers of one service. */
export class ServiceWorkers {
  readonly #limits: SilenceLimits;
  readonly #sinceMs: number;
  readonly #workers = new Map<string, ReportingWorker>();
  readonly #jobs = new Map<string, JobTotals>();
  readonly #startupsMs: number[] = [];
  #finishedJobs = 0;
  #meanServiceMs: number | undefined;

  constructor(limits: SilenceLimits, sinceMs: number) {
    this.#limits = limits;
    this.#sinceMs = sinceMs;
  }

  /** Takes a report; `false` when a newer one is known. */
  record(heartbeat: WorkerHeartbeat, nowMs: number): boolean {
    const known = this.#workers.get(heartbeat.worker);
    const hadStartup = known?.latest.startupMs !== undefined;
    if (known?.take(heartbeat, nowMs) === false) return false;
    if (known === undefined && this.#workers.size >= MAX_WORKERS) return false;
    const worker = known ?? new ReportingWorker(heartbeat, nowMs, this.#sinceMs);
    this.#workers.set(heartbeat.worker, worker);
    if (!hadStartup) this.#cameUp(heartbeat);
    this.#add(worker);
    return true;
  }

  /** Workers that have not left, in the order in which they were first heard. */
  workers(nowMs: number): readonly ReportedWorker[] {
    return this.#present(nowMs).map(([worker, presence]) => worker.snapshot(presence === 'answering'));
  }

  /**
   * Facts, or `undefined` where nobody is left and the last one did not say good-bye: then reports do not arrive, or a
   * worker died, and nobody knows which.
   */
  facts(nowMs: number): WorkerFacts | undefined {
    this.#forget(nowMs);
    const present = this.#present(nowMs);
    if (present.length === 0 && !this.#leftInOrder(nowMs)) return undefined;
    const taking = present.filter(
      ([{ latest }]) => latest.state === 'running' || latest.state === 'starting',
    );
    const waitsMs = present.flatMap(([{ latest }, presence]) =>
      presence === 'answering' ? (latest.oldestWaitMs ?? []) : [],
    );
    this.#meanServiceMs = meanOf(present) ?? this.#meanServiceMs;
    const jobs = this.#jobFacts(present);
    return {
      running: taking.length,
      draining: present.length - taking.length,
      busyTasks: taking.filter(([{ latest }, presence]) => latest.busy > 0 || presence === 'silent').length,
      busySlots: taking.reduce((sum, [worker, presence]) => sum + busySlots(worker, presence), 0),
      finishedJobs: this.#finishedJobs,
      ...(this.#meanServiceMs === undefined ? {} : { meanServiceMs: this.#meanServiceMs }),
      ...(jobs.length === 0 ? {} : { jobs }),
      ...(waitsMs.length === 0 ? {} : { oldestWaitMs: largest(waitsMs) }),
      ...(this.#startupsMs.length === 0 ? {} : { startupMs: largest(this.#startupsMs) }),
      atMs: nowMs,
    };
  }

  #add(worker: ReportingWorker): void {
    const { finishedJobs, jobs } = worker.progress();
    this.#finishedJobs += finishedJobs;
    for (const [job, attempts] of jobs) {
      const totals = this.#jobs.get(job);
      if (totals !== undefined) totals.finished += attempts;
      else if (this.#jobs.size < MAX_JOB_TYPES)
        this.#jobs.set(job, { finished: attempts, serviceMs: undefined });
    }
  }

  #cameUp({ startupMs }: WorkerHeartbeat): void {
    if (startupMs === undefined) return;
    this.#startupsMs.push(startupMs);
    this.#startupsMs.splice(0, this.#startupsMs.length - STARTUPS_KEPT);
  }

  #present(nowMs: number): Present {
    return [...this.#workers.values()].flatMap((worker): Present => {
      const presence = worker.presence(nowMs, this.#limits);
      return presence === 'lost' || presence === 'stopped' ? [] : [[worker, presence]];
    });
  }

  #leftInOrder(nowMs: number): boolean {
    let last: ReportingWorker | undefined;
    for (const worker of this.#workers.values())
      if (last === undefined || worker.heardAtMs > last.heardAtMs) last = worker;
    return last?.presence(nowMs, this.#limits) === 'stopped';
  }

  #forget(nowMs: number): void {
    const keptMs = Math.max(REMEMBERED_MS, this.#limits.goneMs);
    for (const [id, worker] of this.#workers) {
      // The last one to leave says in which way the service became empty.
      if (this.#workers.size > 1 && nowMs - worker.heardAtMs > keptMs) this.#workers.delete(id);
    }
  }

  /** Of each job type that was measured; what nobody measures now stays as it was known last. */
  #jobFacts(present: Present): readonly JobTypeFacts[] {
    const reports = present.map(([{ latest }, presence]): Report => {
      return { heartbeat: latest, isAnswering: presence === 'answering' };
    });
    const summaries = jobSummaries(reports);
    return [...this.#jobs].flatMap(([job, totals]): readonly JobTypeFacts[] => {
      const { serviceMs, oldestWaitMs } = summaries.get(job) ?? {};
      totals.serviceMs = serviceMs ?? totals.serviceMs;
      if (totals.serviceMs === undefined) return [];
      const { mean: meanServiceMs, p95: p95ServiceMs } = totals.serviceMs;
      const wait = oldestWaitMs === undefined ? {} : { oldestWaitMs };
      return [{ job, finished: totals.finished, meanServiceMs, p95ServiceMs, ...wait }];
    });
  }
}

function meanOf(present: Present): number | undefined {
  let sum = 0;
  let weights = 0;
  for (const [{ latest }] of present) {
    const { meanServiceMs, completed, failed, buried } = latest;
    if (meanServiceMs === undefined) continue;
    const weight = weightOf(completed + failed + buried);
    sum += meanServiceMs * weight;
    weights += weight;
  }
  return weights === 0 ? undefined : sum / weights;
}

function busySlots({ latest: { busy } }: ReportingWorker, presence: Presence): number {
  return Math.max(busy, presence === 'silent' ? 1 : 0);
}

/** `Math.max(...)` takes no ten thousand arguments on every engine. */
function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), -Infinity);
}
