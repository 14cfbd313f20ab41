/** The fleet as data, after checking: every duration in milliseconds, every default filled in. */

/** A queue and the jobs that travel on it. */
export interface FleetQueue {
  readonly name: string;
  /** Names of the job definitions that are enqueued here. A job name belongs to one queue. */
  readonly jobs: readonly string[];
  /** Length of a worker's lease on a message (SQS: visibility timeout). */
  readonly leaseMs: number;
  /** Receives after which the queue itself moves a message to the dead-letter queue: a backstop, high on purpose. */
  readonly maxReceives: number;
  readonly retentionMs: number;
}

/** A service: copies of one worker on one queue. */
export interface FleetService {
  readonly name: string;
  /** Module that runs one worker, relative to the fleet file. */
  readonly entry: string;
  readonly queue: string;
  /** Jobs that one worker runs at a time. */
  readonly slots: number;
  /** 1,024 CPU units are one vCPU, as on ECS. */
  readonly cpuUnits: number;
  readonly memoryMiB: number;
  /** Fewest and most tasks. */
  readonly scale: { readonly min: number; readonly max: number };
  /** Jobs of this percentile wait less than this in the queue. */
  readonly objective: { readonly percentile: number; readonly timeInQueueMs: number };
  /** What a worker has to finish or release its jobs at SIGTERM; below the container's stop timeout. */
  readonly drainMs: number;
}

/** A checked fleet. */
export interface Fleet {
  readonly name: string;
  readonly queues: readonly FleetQueue[];
  readonly services: readonly FleetService[];
}
