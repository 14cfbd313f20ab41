/** The world that a policy is simulated in: service and start-up times, what it is told and how late, the pool, faults. */
import { LongshoreError } from '@longshore/job';

/** One type of job in the mix of a simulation. */
export interface SimulatedJobType {
  /** Share of the jobs, relative to the other types' shares. */
  readonly share: number;
  readonly meanSeconds: number;
  /** Standard deviation of the logarithm: 0 is constant, 1 has a 95th percentile of 3 means. */
  readonly sigma: number;
}

/** Instances that tasks are placed on. Without a pool every task is placed at once, as on Fargate. */
export interface SimulatedPool {
  readonly tasksPerInstance: number;
  /** Instances there from the start, never given back. */
  readonly minInstances: number;
  readonly maxInstances: number;
  /** From the first task that finds no room to an instance with room. */
  readonly instanceStartupSeconds: number;
}

/** A world. Every time is in seconds. */
export interface Scenario {
  /** Jobs that one task runs at a time. */
  readonly slots: number;
  /** Latency objective: longest wait in the queue. */
  readonly objectiveSeconds: number;
  /** Types of jobs; service times are lognormal. */
  readonly jobTypes: readonly SimulatedJobType[];
  /** Factor on service times by the time of the start: how they drift. Default: none. */
  readonly drift?: (seconds: number) => number;
  /** What the operator believes the mean service time to be. Default: the mix's true mean. */
  readonly serviceHintSeconds?: number;
  /** What the operator believes the start-up to take. Default: the true median. */
  readonly startupHintSeconds?: number;
  /** Median of the lognormal start-up time, and its sigma. */
  readonly startupSeconds: number;
  readonly startupSigma: number;
  /** Share of starts that take several times as long. Default: none. */
  readonly slowStarts?: { readonly share: number; readonly factor: number };
  /** Age of the queue's counts when a policy reads them itself, and of CloudWatch's points. */
  readonly queueLagSeconds: number;
  readonly cloudWatchLagSeconds: number;
  readonly minTasks: number;
  readonly maxTasks: number;
  readonly pool?: SimulatedPool;
  /** Losses of a running task to a Spot interruption, per task and hour, with two minutes' notice. Default 0. */
  readonly spotLossesPerTaskHour?: number;
  /** Relative standard deviation of the queue's counts as read. Default 0. */
  readonly countNoise?: number;
  /** Share of readings that fail: the policy sees NaN. Default 0. */
  readonly lostReadings?: number;
  /** Share of jobs that fail whenever they run, five times, each time after `retrySeconds`. Default: none. */
  readonly poison?: { readonly share: number; readonly retrySeconds: number };
  /** What a killed job waits before it is visible again. */
  readonly leaseSeconds: number;
  /** Least billed time of a task: Fargate's minute. */
  readonly minBilledSeconds: number;
}

/** The everyday world: 4 s jobs in 10 slots, 60 s objective, 45 s start-up. */
export const EVERYDAY: Scenario = {
  slots: 10,
  objectiveSeconds: 60,
  jobTypes: [{ share: 1, meanSeconds: 4, sigma: 1 }],
  startupSeconds: 45,
  startupSigma: 0.2,
  queueLagSeconds: 5,
  cloudWatchLagSeconds: 60,
  minTasks: 0,
  maxTasks: 1_000,
  leaseSeconds: 60,
  minBilledSeconds: 60,
};

/** Mean service time of a mix, before drift. */
export function meanServiceSeconds({ jobTypes }: Pick<Scenario, 'jobTypes'>): number {
  const shares = jobTypes.reduce((sum, { share }) => sum + share, 0);
  return jobTypes.reduce((sum, { share, meanSeconds }) => sum + share * meanSeconds, 0) / shares;
}

/** Refuses a world that cannot be. @throws LongshoreError `invalid_options`, with every fault. */
export function checkScenario(scenario: Scenario): void {
  const faults: string[] = [];
  const positive = { slots: scenario.slots, objectiveSeconds: scenario.objectiveSeconds };
  const counts = { minTasks: scenario.minTasks, maxTasks: scenario.maxTasks, slots: scenario.slots };
  const atLeast0 = {
    startupSeconds: scenario.startupSeconds,
    startupSigma: scenario.startupSigma,
    queueLagSeconds: scenario.queueLagSeconds,
    cloudWatchLagSeconds: scenario.cloudWatchLagSeconds,
    leaseSeconds: scenario.leaseSeconds,
    minBilledSeconds: scenario.minBilledSeconds,
    countNoise: scenario.countNoise ?? 0,
    spotLossesPerTaskHour: scenario.spotLossesPerTaskHour ?? 0,
  };
  for (const [name, value] of Object.entries(positive))
    if (!(value > 0 && Number.isFinite(value))) faults.push(`${name} is ${value}, expected more than 0`);
  for (const [name, value] of Object.entries(counts))
    if (!(Number.isSafeInteger(value) && value >= 0))
      faults.push(`${name} is ${value}, expected a whole number from 0`);
  for (const [name, value] of Object.entries(atLeast0))
    if (!(value >= 0 && Number.isFinite(value))) faults.push(`${name} is ${value}, expected 0 or more`);
  if (scenario.minTasks > scenario.maxTasks)
    faults.push(`minTasks ${scenario.minTasks} is above maxTasks ${scenario.maxTasks}`);
  if (scenario.jobTypes.length === 0) faults.push('jobTypes is empty, expected at least one');
  for (const [index, { share, meanSeconds, sigma }] of scenario.jobTypes.entries())
    if (!(share > 0 && meanSeconds > 0 && sigma >= 0))
      faults.push(
        `jobTypes[${index}] has share ${share}, mean ${meanSeconds}, sigma ${sigma}, expected share and mean above 0`,
      );
  if (faults.length > 0) throw new LongshoreError('invalid_options', `Cannot simulate: ${faults.join('; ')}`);
}
