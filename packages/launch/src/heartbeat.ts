/** Makes a worker's heartbeats: what it measured, what its process costs, and who it is. */
import { MAX_HEARTBEAT_JOBS, type HeartbeatJob, type WorkerHeartbeat } from '@longshore/fleet';
import type { Clock } from '@longshore/job';
import type { Worker, WorkerStats } from '@longshore/worker';

/** Who a worker is. */
export interface WorkerIdentity {
  /** Random, of this process. */
  readonly worker: string;
  readonly service: string;
  readonly host: string;
  readonly taskArn?: string;
  readonly revision?: string;
}

/** What of a heartbeat is worth another one. */
export interface Activity {
  readonly state: WorkerHeartbeat['state'];
  readonly busy: number;
  /** Attempts that ended since the start. */
  readonly ended: number;
}

/** A worker's heartbeats, numbered. */
export interface HeartbeatSource {
  activity(): Activity;
  /** The next heartbeat; with `isLast` it says that the worker has stopped. */
  next(options?: { readonly isLast?: boolean }): WorkerHeartbeat;
}

/** Options of {@link heartbeatSource}. */
export interface HeartbeatSourceOptions {
  readonly worker: Pick<Worker, 'stats'>;
  /** Asked for each heartbeat, since the ECS task is known a moment later. */
  readonly identity: () => WorkerIdentity;
  readonly clock: Clock;
  /** When the process started. */
  readonly startedAtMs: number;
  readonly rssBytes: () => number;
}

/** Heartbeats of one worker. */
export function heartbeatSource(options: HeartbeatSourceOptions): HeartbeatSource {
  const { worker, identity, clock, startedAtMs, rssBytes } = options;
  let sequence = 0;
  return {
    activity() {
      const stats = worker.stats();
      const { busy, completed, failed, buried } = stats;
      return { state: stateOf(stats), busy, ended: completed + failed + buried };
    },
    next({ isLast = false } = {}) {
      sequence += 1;
      const stats = worker.stats();
      const { slots, busy, completed, failed, buried, isProtected } = stats;
      const { meanServiceMs, oldestWaitMs, readyAtMs } = stats;
      return {
        type: 'longshore:heartbeat',
        ...identity(),
        state: isLast ? 'stopped' : stateOf(stats),
        slots,
        busy,
        completed,
        failed,
        buried,
        ...(meanServiceMs === undefined ? {} : { meanServiceMs: rounded(meanServiceMs) }),
        ...(oldestWaitMs === undefined ? {} : { oldestWaitMs: rounded(oldestWaitMs) }),
        jobs: heartbeatJobs(stats),
        ...(readyAtMs === undefined ? {} : { startupMs: Math.max(0, Math.round(readyAtMs - startedAtMs)) }),
        rssBytes: rssBytes(),
        isProtected,
        startedAtMs: Math.round(startedAtMs),
        sequence,
        atMs: Math.round(clock.nowMs()),
      };
    },
  };
}

/** A worker that has drained is still leaving until its process says the last word. */
function stateOf({ state }: WorkerStats): WorkerHeartbeat['state'] {
  return state === 'stopped' ? 'draining' : state;
}

function heartbeatJobs({ jobs }: WorkerStats): readonly HeartbeatJob[] {
  return jobs
    .toSorted((a, b) => b.finished - a.finished)
    .slice(0, MAX_HEARTBEAT_JOBS)
    .map(({ job, finished, meanServiceMs, p95ServiceMs, oldestWaitMs }) => ({
      job,
      finished,
      meanServiceMs: rounded(meanServiceMs),
      p95ServiceMs: rounded(p95ServiceMs),
      ...(oldestWaitMs === undefined ? {} : { oldestWaitMs: rounded(oldestWaitMs) }),
    }));
}

/** To the microsecond: more digits are noise that every message would carry. */
function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
