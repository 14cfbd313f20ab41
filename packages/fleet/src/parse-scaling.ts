/** Reads what a fleet says of scaling: bounds, objectives, expectations, the shared pool. */
import type { Faults } from './faults.ts';
import type { FleetObjective, FleetPool, FleetQueue, FleetScale, FleetService } from './fleet.ts';
import * as limits from './limits.ts';
import { didYouMean } from './nearest.ts';
import type { Section } from './section.ts';

/** Bounds of the count, of its steps and of its cost. */
export function parseScale(service: Section, found: Faults): FleetScale {
  const scale = service.section('scale', ['min', 'max', 'step', 'idle', 'taskHoursPerDay']);
  const min = scale.wholeNumber('min', { min: 0, max: limits.MAX_TASKS, fallback: limits.DEFAULT_MIN_TASKS });
  const max = scale.wholeNumber('max', { min: 0, max: limits.MAX_TASKS });
  if (min > max) found.say(`${scale.path}.min is ${min}, above max ${max}: lower min or raise max`);
  const idleMs = scale.durationMs('idle', {
    min: limits.MIN_IDLE_MS,
    max: limits.MAX_IDLE_MS,
    fallback: limits.DEFAULT_IDLE_MS,
  });
  const step = scale.has('step') ? scale.section('step', ['up', 'down']) : undefined;
  const tasks = { min: 1, max: limits.MAX_TASKS };
  return {
    min,
    max,
    idleMs,
    ...(step?.has('up') === true ? { stepUp: step.wholeNumber('up', tasks) } : {}),
    ...(step?.has('down') === true ? { stepDown: step.wholeNumber('down', tasks) } : {}),
    ...(scale.has('taskHoursPerDay')
      ? { taskHoursPerDay: scale.number('taskHoursPerDay', { min: 1, max: limits.MAX_TASK_HOURS_PER_DAY }) }
      : {}),
  };
}

/** The latency objective, of the service and of single jobs. */
export function parseObjective(
  service: Section,
  queue: FleetQueue | undefined,
  found: Faults,
): FleetObjective {
  const objective = service.section('objective', ['percentile', 'timeInQueue', 'perJob']);
  const percentile = objective.number('percentile', {
    min: limits.MIN_PERCENTILE,
    max: limits.MAX_PERCENTILE,
    fallback: limits.DEFAULT_PERCENTILE,
  });
  const timeInQueueMs = readTime(objective, 'timeInQueue', queue, found);
  if (!objective.has('perJob')) return { percentile, timeInQueueMs };
  const jobs = objective.entries('perJob', 'an object with at least one job').map(([job]) => job);
  const perJob = objective.section('perJob', jobs);
  const perJobMs: Record<string, number> = {};
  for (const job of jobs) {
    if (queue !== undefined && !queue.jobs.includes(job)) {
      const remedy = didYouMean(job, queue.jobs) || `, it has ${queue.jobs.join(', ')}`;
      found.say(`${perJob.path}.${job} is no job of queue "${queue.name}"${remedy}`);
    }
    perJobMs[job] = readTime(perJob, job, queue, found);
  }
  return { percentile, timeInQueueMs, perJobMs };
}

function readTime(section: Section, key: string, queue: FleetQueue | undefined, found: Faults): number {
  const timeMs = section.durationMs(key, { min: limits.MIN_TIME_IN_QUEUE_MS, max: limits.MAX_RETENTION_MS });
  if (queue !== undefined && timeMs >= queue.retentionMs) {
    found.say(
      `${section.path}.${key} is not below the retention of queue "${queue.name}", which drops jobs ` +
        `that wait so long: lower ${key} or raise the retention`,
    );
  }
  return timeMs;
}

/** What the autoscaler goes by until it has measured. */
export function parseExpectations(
  service: Section,
): Pick<FleetService, 'startupMs' | 'serviceTimeMs' | 'priority'> {
  return {
    startupMs: service.durationMs('startup', {
      min: 1,
      max: limits.MAX_STARTUP_MS,
      fallback: limits.DEFAULT_STARTUP_MS,
    }),
    serviceTimeMs: service.durationMs('serviceTime', {
      min: 1,
      max: limits.MAX_SERVICE_TIME_MS,
      fallback: limits.DEFAULT_SERVICE_TIME_MS,
    }),
    priority: service.wholeNumber('priority', {
      min: 0,
      max: limits.MAX_PRIORITY,
      fallback: limits.DEFAULT_PRIORITY,
    }),
  };
}

/** The instances that all services share. */
export function parsePool(root: Section, found: Faults): FleetPool {
  const pool = root.section('pool', ['cpuUnits', 'memoryMiB', 'instances']);
  const instances = pool.section('instances', ['min', 'max']);
  const min = instances.wholeNumber('min', { min: 0, max: limits.MAX_INSTANCES, fallback: 0 });
  const max = instances.wholeNumber('max', { min: 1, max: limits.MAX_INSTANCES });
  if (min > max) found.say(`${instances.path}.min is ${min}, above max ${max}: lower min or raise max`);
  return {
    cpuUnits: pool.wholeNumber('cpuUnits', { min: limits.MIN_CPU_UNITS, max: limits.MAX_CPU_UNITS }),
    memoryMiB: pool.wholeNumber('memoryMiB', { min: limits.MIN_MEMORY_MIB, max: limits.MAX_MEMORY_MIB }),
    instances: { min, max },
  };
}
