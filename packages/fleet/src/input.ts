/** The fleet as people write it: durations as text, defaults left out. `defineFleet` turns it into a {@link Fleet}. */

/** A duration such as `"30s"`, `"1m30s"`, `"4d"`. Units: ms, s, m, h, d. */
export type DurationText = string;

/** A queue in a fleet file. Its key in `queues` is its name. */
export interface QueueInput {
  /** Names of the jobs that travel on this queue, at least one. A job name belongs to one queue of the fleet. */
  readonly jobs: readonly string[];
  /** Length of a worker's lease, 1 s to 12 h; the worker extends it while a job runs. Default `"30s"`. */
  readonly lease?: DurationText;
  /** Receives after which the queue itself dead-letters a message, 1 to 1,000. Default 20. */
  readonly maxReceives?: number;
  /** How long an unhandled message is kept, 1 m to 14 d. Default `"4d"`. */
  readonly retention?: DurationText;
}

/** How far a service is scaled. */
export interface ScaleInput {
  /** Fewest (default 0) and most tasks, up to 5,000. `max: 0` switches the service off. */
  readonly min?: number;
  readonly max: number;
  /** Most tasks added and taken away by one decision, from 1. Default: any number. */
  readonly step?: { readonly up?: number; readonly down?: number };
  /** Time without work after which the service goes to `min`, 1 s to 24 h. Default `"2m"`. */
  readonly idle?: DurationText;
  /** Most task-hours in 24 hours, from 1. Default: no budget. */
  readonly taskHoursPerDay?: number;
}

/** Jobs of this percentile (50 to 99.9, default 95) wait less than `timeInQueue` (from 1 s, below the retention). */
export interface ObjectiveInput {
  readonly percentile?: number;
  readonly timeInQueue: DurationText;
  /** Other times for some of the queue's jobs, by the name of the job. */
  readonly perJob?: Readonly<Record<string, DurationText>>;
}

/** A known event: `at` a time with its offset, or `weekly` at a time of a place. */
export interface CalendarInput {
  readonly name: string;
  /** `"2026-11-27T08:00:00Z"`. Either this or `weekly`. */
  readonly at?: string;
  /** `"Fri 08:00 Europe/Paris"`: English day, 24 hours, IANA time zone. */
  readonly weekly?: string;
  /** How long it lasts, 1 m to 7 d. */
  readonly for: DurationText;
  /** Fewest tasks while it lasts, up to the service's `max`. Give this, `factor`, or both. */
  readonly minTasks?: number;
  /** Factor on the forecast arrivals while it lasts, above 0 up to 100. */
  readonly factor?: number;
}

/** The instances that all services share. */
export interface PoolInput {
  /** CPU units and memory that one instance offers to tasks. */
  readonly cpuUnits: number;
  readonly memoryMiB: number;
  readonly instances: { readonly min?: number; readonly max: number };
}

/** A service in a fleet file. Its key in `services` is its name. */
export interface ServiceInput<QueueName extends string = string> {
  /** Module that runs one worker: a relative path from the fleet file, such as `"./services/mail/src/main.ts"`. */
  readonly entry: string;
  /** The queue that it works on. Several services may share one. */
  readonly queue: QueueName;
  /** Jobs that one worker runs at a time, 1 to 1,000. */
  readonly slots: number;
  /** CPU share of one task, 128 to 196,608; 1,024 units are one vCPU. */
  readonly cpuUnits: number;
  /** Memory limit of one task, 128 to 1,048,576. */
  readonly memoryMiB: number;
  readonly scale: ScaleInput;
  readonly objective: ObjectiveInput;
  /** Expected 90th percentile from the start of a task to its first job, up to 1 h. Measured later. Default `"30s"`. */
  readonly startup?: DurationText;
  /** Expected mean time of one attempt, up to 12 h. Measured later. Default `"1s"`. */
  readonly serviceTime?: DurationText;
  /** Who gets the next task when the pool is full, 0 to 100, the highest first. Default 50. */
  readonly priority?: number;
  /** Events that are known before they show in the queue. */
  readonly calendar?: readonly CalendarInput[];
  /** What a worker has to finish or give back its jobs at SIGTERM, 1 s to below 120 s. Default `"25s"`. */
  readonly drain?: DurationText;
  /**
   * Environment variables that hold secrets, such as `"WAREHOUSE_URL"`: this service's tasks are given them and no other's.
   * On one machine, a service is left out of the fleet while one of them is not set. Default: none.
   */
  readonly secrets?: readonly string[];
}

/** A fleet file's contents. */
export interface FleetInput<QueueName extends string = string> {
  /** Prefix of everything the fleet owns: lower-case words joined by hyphens, up to 32 characters. */
  readonly name: string;
  readonly queues: { readonly [Name in QueueName]: QueueInput };
  /** A service works on one of the queues above; another name does not compile. */
  readonly services: { readonly [name: string]: ServiceInput<NoInfer<QueueName>> };
  /** Absent: every task finds room, as on Fargate. */
  readonly pool?: PoolInput;
}
