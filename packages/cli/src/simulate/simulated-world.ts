/**
 * The world that `longshore simulate` simulates in: what the command line says, else what the fleet file says of the
 * service, else everyday values.
 */
import type { FleetService } from '@longshore/fleet';
import { LongshoreError } from '@longshore/job';
import { EVERYDAY, type Scenario, type SimulatedJobType } from '@longshore/simulator';

/** Options of the command about the world; durations in milliseconds. */
export interface WorldOptions {
  readonly objective: number | undefined;
  readonly max: number | undefined;
  readonly min: number | undefined;
  readonly slots: number | undefined;
  readonly 'service-mean': number | undefined;
  readonly startup: number | undefined;
}

/** What a simulation is told. */
export interface World {
  readonly scenario: Scenario;
  /** Share of the jobs, in percent, that must keep the objective. */
  readonly percentile: number;
}

/** The 90th percentile of the standard normal distribution. */
const NORMAL_P90 = 1.2816;

/** What holds where neither the command line nor the fleet says it. */
const DEFAULTS = {
  objectiveSeconds: EVERYDAY.objectiveSeconds,
  max: 40,
  min: 0,
  slots: EVERYDAY.slots,
  serviceMeanSeconds: 4,
  startupSeconds: EVERYDAY.startupSeconds,
  percentile: 99,
};

/**
 * The world.
 *
 * @param measured Types of jobs as the ledger knows them; used unless the command line gives a mean.
 * @throws LongshoreError `invalid_options`, with every fault.
 */
export function simulatedWorld(
  options: WorldOptions,
  service: FleetService | undefined,
  measured?: readonly SimulatedJobType[],
): World {
  const minTasks = options.min ?? service?.scale.min ?? DEFAULTS.min;
  const maxTasks = options.max ?? service?.scale.max ?? DEFAULTS.max;
  const objectiveMs =
    options.objective ?? service?.objective.timeInQueueMs ?? DEFAULTS.objectiveSeconds * 1_000;
  const meanMs = options['service-mean'];
  const faults = [
    ...(minTasks > maxTasks ? [`--min ${minTasks} is above --max ${maxTasks}`] : []),
    ...(maxTasks === 0 ? ['--max is 0, expected at least one task'] : []),
    ...(objectiveMs <= 0 ? ['--objective is 0, expected a time above 0'] : []),
    ...(meanMs !== undefined && meanMs <= 0 ? ['--service-mean is 0, expected a time above 0'] : []),
  ];
  if (faults.length > 0) throw new LongshoreError('invalid_options', `Cannot simulate: ${faults.join('; ')}`);
  const meanSeconds = (meanMs ?? service?.serviceTimeMs ?? DEFAULTS.serviceMeanSeconds * 1_000) / 1_000;
  const assumed = [{ share: 1, meanSeconds, sigma: 1 }];
  return {
    scenario: {
      ...EVERYDAY,
      slots: options.slots ?? service?.slots ?? DEFAULTS.slots,
      objectiveSeconds: objectiveMs / 1_000,
      jobTypes: meanMs === undefined && measured !== undefined && measured.length > 0 ? measured : assumed,
      startupSeconds: startupSeconds(options.startup, service),
      minTasks,
      maxTasks,
    },
    percentile: service?.objective.percentile ?? DEFAULTS.percentile,
  };
}

/** The 90th percentile of the start-up times of a world. */
export function startupP90({ startupSeconds: median, startupSigma }: Scenario): number {
  return median * Math.exp(NORMAL_P90 * startupSigma);
}

/** The median; a fleet file says the 90th percentile. */
function startupSeconds(startupMs: number | undefined, service: FleetService | undefined): number {
  if (startupMs !== undefined) return startupMs / 1_000;
  if (service === undefined) return DEFAULTS.startupSeconds;
  return service.startupMs / 1_000 / Math.exp(NORMAL_P90 * EVERYDAY.startupSigma);
}
