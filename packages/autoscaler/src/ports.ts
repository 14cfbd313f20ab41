/** What the autoscaler needs from outside: the size of a queue, and something that runs tasks. */

/** Approximate sizes of a queue at one moment. */
export interface BacklogCounts {
  /** Visible messages. */
  readonly backlog: number;
  readonly inFlight: number;
  readonly delayed: number;
}

/** Where a service's work is counted. A `Queue` is one by its shape. */
export interface BacklogSource {
  counts(): Promise<BacklogCounts>;
}

/** What a target knows about one service's tasks. */
export interface TargetFacts {
  /** The count last asked for. */
  readonly desired: number;
  /** Tasks that take work. Tasks that drain are leaving and count nowhere here. */
  readonly running: number;
  /** Tasks that are starting. */
  readonly pending: number;
  /** Running tasks with at least one job; a task that does not answer counts as busy. */
  readonly busyTasks: number;
  /** Jobs that running tasks work on. */
  readonly busySlots: number;
  /** Mean duration of an attempt, as the workers measure it. */
  readonly meanServiceMs?: number;
  /** From the start of a task to its first readiness: a high recent value, for planning. */
  readonly startupMs?: number;
  /** Longest wait among the jobs that workers received lately. */
  readonly oldestWaitMs?: number;
  /** Jobs that workers completed or buried since the target began to count; never falls while it lives. */
  readonly finishedJobs?: number;
  /** Tasks that were told to leave and still finish their jobs. Default 0. */
  readonly draining?: number;
  /**
   * Whether a lower count makes tasks finish what they do before they go. Without it a count is never below the busy
   * tasks. Default false.
   */
  readonly canDrain?: boolean;
  /** Service times by job type, as the workers measure them. */
  readonly jobs?: readonly JobTypeFacts[];
  /** Whether a deployment is being rolled out: the count may rise and does not fall. Default false. */
  readonly isDeploying?: boolean;
  /** Why tasks cannot be placed, naming the resource that is missing: `RESOURCE:MEMORY`. Absent: they can. */
  readonly shortage?: string;
  /** When this was observed, on the clock of the controller. */
  readonly atMs: number;
}

/** What workers measured of one job type lately. */
export interface JobTypeFacts {
  /** Name of the job definition. */
  readonly job: string;
  /** Attempts that ended since the target began to count; never falls while it lives. */
  readonly finished: number;
  readonly meanServiceMs: number;
  /** 95th percentile. */
  readonly p95ServiceMs: number;
  /** Longest wait of this type's jobs among those received lately, first deliveries only. */
  readonly oldestWaitMs?: number;
}

/** Something that runs tasks of services: local processes, containers, an ECS cluster. */
export interface ScalingTarget {
  /** @param service Name of the service. */
  observe(service: string): Promise<TargetFacts>;
  /**
   * Asks for an absolute count, so that asking twice changes nothing. Resolves when it is asked for, not when it is
   * reached. Scaling in takes idle tasks first and lets busy ones finish.
   */
  apply(service: string, desired: number): Promise<void>;
}
