/** What a fleet may say and had better not: it runs, and does not do what its author expects. */
import { feasibility } from './feasibility.ts';
import type { Fleet, FleetService } from './fleet.ts';

/** A warning. */
export interface FleetWarning {
  readonly service: string;
  readonly code: 'infeasible_objective' | 'shared_queue' | 'pool_too_small' | 'task_too_large';
  /** What is so, and what to do. */
  readonly message: string;
}

/** The warnings of a checked fleet, in the order of its services. */
export function fleetWarnings(fleet: Fleet): readonly FleetWarning[] {
  return [...fleet.services.flatMap((service) => ofService(service, fleet)), ...ofPool(fleet)];
}

function ofService(service: FleetService, fleet: Fleet): FleetWarning[] {
  const { name, queue, scale, objective, startupMs } = service;
  const warnings: FleetWarning[] = [];
  // Where the count never changes no task is waited for.
  const isFixed = scale.min >= scale.max;
  const objectives = [
    { path: 'objective.timeInQueue', timeInQueueMs: objective.timeInQueueMs },
    ...Object.entries(objective.perJobMs ?? {}).map(([job, timeInQueueMs]) => ({
      path: `objective.perJob.${job}`,
      timeInQueueMs,
    })),
  ];
  for (const { path, timeInQueueMs } of isFixed ? [] : objectives) {
    const { isFeasible, sentence } = feasibility({ timeInQueueMs, startupMs, minTasks: scale.min });
    if (!isFeasible)
      warnings.push({
        service: name,
        code: 'infeasible_objective',
        message: `services.${name}.${path}: ${sentence}`,
      });
  }
  const others = fleet.services.filter((other) => other.queue === queue && other.name !== name);
  if (others.length > 0)
    warnings.push({
      service: name,
      code: 'shared_queue',
      message: `services.${name} shares queue "${queue}" with ${others.map((other) => other.name).join(', ')}: each plans for its share of the tasks`,
    });
  return warnings;
}

function ofPool({ pool, services }: Fleet): FleetWarning[] {
  if (pool === undefined) return [];
  const large = services.filter(
    ({ cpuUnits, memoryMiB }) => cpuUnits > pool.cpuUnits || memoryMiB > pool.memoryMiB,
  );
  const cpuUnits = services.reduce((sum, service) => sum + service.scale.min * service.cpuUnits, 0);
  const memoryMiB = services.reduce((sum, service) => sum + service.scale.min * service.memoryMiB, 0);
  const instances = Math.max(cpuUnits / pool.cpuUnits, memoryMiB / pool.memoryMiB);
  return [
    ...large.map(({ name, ...task }): FleetWarning => ({
      service: name,
      code: 'task_too_large',
      message: `services.${name}: a task of ${task.cpuUnits} CPU units and ${task.memoryMiB} MiB fits on no instance of ${pool.cpuUnits} and ${pool.memoryMiB}: make it smaller or the instances larger`,
    })),
    ...(instances > pool.instances.max
      ? services.slice(0, 1).map(({ name }): FleetWarning => ({
          service: name,
          code: 'pool_too_small',
          message: `pool: the fewest tasks of all services need ${Math.ceil(instances)} instances, and there may be ${pool.instances.max}: raise pool.instances.max or lower scale.min`,
        }))
      : []),
  ];
}
