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
  readonly scale: FleetScale;
  readonly objective: FleetObjective;
  /** Expected 90th percentile from the start of a task to its first job, until it has been measured. */
  readonly startupMs: number;
  /** Expected mean of one attempt, until it has been measured. */
  readonly serviceTimeMs: number;
  /** Which service gets the next task when the pool is full: the highest first. */
  readonly priority: number;
  /** Known events. */
  readonly calendar: readonly CalendarEvent[];
  /** What a worker has to finish or release its jobs at SIGTERM; below the container's stop timeout. */
  readonly drainMs: number;
  /** Environment variables that hold this service's secrets; no other service is given them. */
  readonly secrets: readonly string[];
}

/** How far a service is scaled. */
export interface FleetScale {
  /** Fewest and most tasks. */
  readonly min: number;
  readonly max: number;
  /** Without work for this long, a service goes to `min`. */
  readonly idleMs: number;
  /** Most tasks added and taken away at a time. Absent: any number. */
  readonly stepUp?: number;
  readonly stepDown?: number;
  /** Most task-hours in 24 hours. Absent: no budget. */
  readonly taskHoursPerDay?: number;
}

/** Jobs of this percentile wait less than this in the queue. */
export interface FleetObjective {
  readonly percentile: number;
  readonly timeInQueueMs: number;
  /** Other times for some of the queue's jobs, by name. */
  readonly perJobMs?: Readonly<Record<string, number>>;
}

/** A known event: once, or every week at a time of a place. */
export interface CalendarEvent {
  readonly name: string;
  readonly starts:
    | { readonly kind: 'once'; readonly atMs: number }
    /** Minutes since Monday 00:00 in the zone. */
    | { readonly kind: 'weekly'; readonly minuteOfWeek: number; readonly timeZone: string };
  readonly lastsMs: number;
  /** Fewest tasks while it lasts. */
  readonly minTasks?: number;
  /** Factor on the forecast arrivals while it lasts. */
  readonly factor?: number;
}

/** The instances that all services share. */
export interface FleetPool {
  /** What one instance offers. */
  readonly cpuUnits: number;
  readonly memoryMiB: number;
  readonly instances: { readonly min: number; readonly max: number };
}

/** A checked fleet. */
export interface Fleet {
  readonly name: string;
  readonly queues: readonly FleetQueue[];
  readonly services: readonly FleetService[];
  /** Absent: every task finds room, as on Fargate. */
  readonly pool?: FleetPool;
}
