/** How one service is scaled: its bounds and objective from the fleet, and the policy's time constants. */
import type { FleetService } from '@longshore/fleet';
import { LongshoreError } from '@longshore/job';
import type { JobTypeFacts } from '../ports.ts';

/** Time constants of the policy. All have defaults that suit a service on ECS. */
export interface ScalingTuning {
  /** To zero after this long without work, and after two empty readings. Default: the fleet's `idle`. */
  readonly idleMs: number;
  /**
   * Scale in to the most that was recommended within this time. Default 60,000: about what starting a task again costs.
   */
  readonly holdMs: number;
  /** Counts older than this are no counts. Default 60,000, twelve ticks. */
  readonly staleMs: number;
  /** Age of the queue's counts when they are read. Default 5,000, as of SQS. */
  readonly lagMs: number;
  /** Duration of an attempt until workers have measured one. Default: the fleet's `serviceTime`. */
  readonly serviceHintMs: number;
  /** Start-up time of a task until one has been measured. Default: the fleet's `startup`. */
  readonly startupHintMs: number;
}

/** Input of the policy that does not change from tick to tick. */
export interface ScalingSpec extends ScalingTuning {
  readonly service: string;
  /** Fewest and most tasks. */
  readonly min: number;
  readonly max: number;
  /** Jobs that one task runs at a time. */
  readonly slots: number;
  /** Jobs start within this time of becoming visible. */
  readonly timeInQueueMs: number;
  /** Share of the jobs, in percent, that the objective is for. */
  readonly percentile: number;
  /** Other objectives for some job types of the queue, by the name of the job. */
  readonly perJobMs?: Readonly<Record<string, number>>;
  /** Most tasks added and taken away at a time. Default: any number. */
  readonly stepUp?: number;
  readonly stepDown?: number;
  /** Most task-hours in 24 hours. Default: no budget. */
  readonly taskHoursPerDay?: number;
}

/**
 * The spec with the objective that the jobs now on the queue ask for: one queue is first in first out, so the strictest
 * objective among the job types that came lately is everybody's.
 */
export function objectiveInForce(spec: ScalingSpec, jobs: readonly JobTypeFacts[] | undefined): ScalingSpec {
  const { perJobMs } = spec;
  if (perJobMs === undefined) return spec;
  const names = jobs === undefined || jobs.length === 0 ? Object.keys(perJobMs) : jobs.map(({ job }) => job);
  const objectives = names.map((name) => perJobMs[name] ?? spec.timeInQueueMs);
  return objectives.length === 0 ? spec : { ...spec, timeInQueueMs: Math.min(...objectives) };
}

const DEFAULTS = {
  holdMs: 60_000,
  staleMs: 60_000,
  lagMs: 5_000,
} as const;

/**
 * The spec of a fleet's service.
 *
 * @throws LongshoreError `invalid_options` with all faults when a time constant is not a number of milliseconds.
 */
export function scalingSpec(service: FleetService, tuning: Partial<ScalingTuning> = {}): ScalingSpec {
  const { idleMs, holdMs, staleMs, lagMs, serviceHintMs, startupHintMs } = {
    ...DEFAULTS,
    idleMs: service.scale.idleMs,
    serviceHintMs: service.serviceTimeMs,
    startupHintMs: service.startupMs,
    ...tuning,
  };
  const times = { idleMs, holdMs, staleMs, lagMs, serviceHintMs, startupHintMs };
  const positive = new Set(['staleMs', 'serviceHintMs']);
  const faults = Object.entries(times)
    .filter(([name, value]) => !(Number.isFinite(value) && value >= 0) || (positive.has(name) && value === 0))
    .map(
      ([name, value]) =>
        `${name} is ${value}, expected milliseconds ${positive.has(name) ? 'above 0' : 'from 0'}`,
    );
  if (faults.length > 0) {
    throw new LongshoreError(
      'invalid_options',
      `Cannot scale service "${service.name}": ${faults.join('; ')}`,
    );
  }
  const { min, max, stepUp, stepDown, taskHoursPerDay } = service.scale;
  const { timeInQueueMs, percentile, perJobMs } = service.objective;
  return {
    ...times,
    service: service.name,
    min,
    max,
    slots: service.slots,
    timeInQueueMs,
    percentile,
    ...(perJobMs === undefined ? {} : { perJobMs }),
    ...(stepUp === undefined ? {} : { stepUp }),
    ...(stepDown === undefined ? {} : { stepDown }),
    ...(taskHoursPerDay === undefined ? {} : { taskHoursPerDay }),
  };
}
