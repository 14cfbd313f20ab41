/**
 * What a scaling policy sees and answers in a simulation: the candidate of this project and its peers alike.
 *
 * Times are seconds from the start of the trace. A policy is told the truth as old as its signal is, never the future.
 */

/** Where a policy reads the queue's counts: from the queue itself, or from CloudWatch's points of a minute. */
export type SignalSource = 'queue' | 'cloudwatch';

/**
 * What happens to the tasks that a lower count takes away: `drain` stops receiving in the least busy ones and lets them
 * finish; a kill takes any, sends SIGTERM, and after `graceSeconds` the jobs that still run return to the queue.
 */
export type Removal = 'drain' | { readonly graceSeconds: number };

/** What a policy is configured with: what an operator would know when writing its configuration. */
export interface PolicySetting {
  /** Jobs that one task runs at a time. */
  readonly slots: number;
  /** Latency objective: longest wait in the queue. */
  readonly objectiveSeconds: number;
  /** Mean service time that the operator believes in. */
  readonly serviceMeanSeconds: number;
  /** Median time from the start of a task to its first job that the operator believes in. */
  readonly startupSeconds: number;
  readonly minTasks: number;
  readonly maxTasks: number;
}

/** The fleet as a policy sees it at one of its steps. One object is reused: copy what is to be kept. */
export interface FleetView {
  readonly nowSeconds: number;
  /** Tasks asked for. */
  readonly desired: number;
  /** Tasks that take jobs, now. */
  readonly running: number;
  /** Tasks that start, now. */
  readonly starting: number;
  /** Tasks that were told to leave and still finish their jobs, now. */
  readonly draining: number;
  /** Waiting jobs, in flight jobs and jobs that are not due, as old as the policy's signal. */
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
  /** Age of the oldest waiting job, as old as the signal; 0 when none waits. */
  readonly oldestAgeSeconds: number;
  /** Busy slots of running and draining tasks, as heartbeats tell: as old as the signal. */
  readonly busySlots: number;
  /** Running tasks with at least one job, as old as the signal. */
  readonly busyTasks: number;
  /** Jobs finished since the start, as old as the signal. */
  readonly finished: number;
  /** Longest wait among the jobs that started since the policy's last step; 0 when none did. */
  readonly waitSeconds: number;
  /** Mean over all tasks of the share of busy slots in the last whole minute, 0 to 1: stands for CPU utilisation. */
  readonly utilisation: number;
  /** Mean service time of the jobs that finished in the last five minutes; NaN when none did. */
  readonly measuredServiceSeconds: number;
  /** 90th percentile of the last start-ups; NaN before the first. */
  readonly measuredStartupSeconds: number;
}

/** A policy at work on one trace: called every `everySeconds`, it answers with an absolute count of tasks. */
export type RunningPolicy = (view: FleetView) => number;

/** A policy that can be simulated. */
export interface SimulatedPolicy {
  /** For tables: `keda-default`. */
  readonly name: string;
  /** One line for people: what it is and with which figures. */
  readonly description: string;
  /** Where its rules are documented. */
  readonly sources: readonly string[];
  /** Seconds between its steps, a whole number from 1. */
  readonly everySeconds: number;
  readonly signal: SignalSource;
  readonly removal: Removal;
  /** A fresh instance for one run. */
  start(setting: PolicySetting): RunningPolicy;
}
