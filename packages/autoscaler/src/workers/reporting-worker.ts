/** One worker as its reports tell: the latest one, when it was true, and how much it has done since it was first heard. */
import type { WorkerHeartbeat } from '@longshore/fleet';
import type { ReportedWorker } from './worker-facts.ts';
import { workerClock } from './worker-clock.ts';

/** What a report adds to the totals of its service. */
export interface Progress {
  readonly finishedJobs: number;
  /** Attempts that ended, by job type. */
  readonly jobs: readonly (readonly [job: string, attempts: number])[];
}

/** How a worker stands. `lost`: unheard for so long that it is taken for dead; `stopped`: it said so. */
export type Presence = 'answering' | 'silent' | 'lost' | 'stopped';

/** Times after which silence means something. */
export interface SilenceLimits {
  readonly staleMs: number;
  readonly goneMs: number;
}

/** A worker that was heard. */
export class ReportingWorker {
  readonly #clock = workerClock();
  readonly #counted = new Map<string, number>();
  #latest: WorkerHeartbeat;
  #heardAtMs: number;
  #finishedJobs: number;

  /** A worker older than the totals brings along work that they have not seen begin, and that is not counted. */
  constructor(first: WorkerHeartbeat, nowMs: number, totalsSinceMs: number) {
    this.#latest = first;
    this.#heardAtMs = this.#clock.read(first.atMs, nowMs);
    const isOlder = this.#clock.toReader(first.startedAtMs) < totalsSinceMs;
    this.#finishedJobs = isOlder ? finishedBy(first) : 0;
    if (isOlder) for (const { job, finished } of first.jobs) this.#counted.set(job, finished);
  }

  get latest(): WorkerHeartbeat {
    return this.#latest;
  }

  get heardAtMs(): number {
    return this.#heardAtMs;
  }

  /** Takes a report; `false` when it is not newer than what is known: a duplicate, or one that was overtaken. */
  take(heartbeat: WorkerHeartbeat, nowMs: number): boolean {
    const { sequence, atMs } = this.#latest;
    if (heartbeat.sequence <= sequence || heartbeat.atMs < atMs) return false;
    this.#latest = heartbeat;
    this.#heardAtMs = Math.max(this.#heardAtMs, this.#clock.read(heartbeat.atMs, nowMs));
    return true;
  }

  /** What was done since the last call. */
  progress(): Progress {
    const finishedJobs = Math.max(0, finishedBy(this.#latest) - this.#finishedJobs);
    this.#finishedJobs += finishedJobs;
    const jobs = this.#latest.jobs.map(({ job, finished }): readonly [string, number] => {
      const before = this.#counted.get(job) ?? 0;
      this.#counted.set(job, Math.max(before, finished));
      return [job, Math.max(0, finished - before)];
    });
    return { finishedJobs, jobs };
  }

  presence(nowMs: number, { staleMs, goneMs }: SilenceLimits): Presence {
    if (this.#latest.state === 'stopped') return 'stopped';
    const silentMs = nowMs - this.#heardAtMs;
    if (silentMs > goneMs) return 'lost';
    return silentMs > staleMs ? 'silent' : 'answering';
  }

  snapshot(isAnswering: boolean): ReportedWorker {
    const { worker, host, taskArn, revision, state, busy, slots, isProtected, startedAtMs } = this.#latest;
    return {
      id: worker,
      ...(host === undefined ? {} : { host }),
      ...(taskArn === undefined ? {} : { taskArn }),
      ...(revision === undefined ? {} : { revision }),
      state,
      busySlots: busy,
      slots,
      isProtected,
      startedAtMs: this.#clock.toReader(startedAtMs),
      heardAtMs: this.#heardAtMs,
      isAnswering,
    };
  }
}

function finishedBy({ completed, buried }: WorkerHeartbeat): number {
  return completed + buried;
}
