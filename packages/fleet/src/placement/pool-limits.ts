/** How a fleet fits its own pool, and what gives first when it grows. */
import type { FleetPool } from '../fleet.ts';
import type { Room, TaskKind } from './instance-type.ts';
import { fits, pack } from './pack.ts';

/** A fleet in its pool. */
export interface PoolLimits {
  readonly maxInstances: number;
  /** Instances that the tasks need; absent when one is larger than an instance. */
  readonly instances?: number;
  readonly isEnough: boolean;
  /** Services whose tasks fit no instance. */
  readonly tooLarge: readonly string[];
  /** All counts may grow by this factor before the pool is full; below 1 they do not fit. */
  readonly growth: number;
}

/** Steps of the growth that is looked for. */
const GROWTH_STEP = 0.01;
const MAX_GROWTH = 100;

/** Fits a fleet into its pool. */
export function poolLimits(tasks: readonly TaskKind[], pool: FleetPool): PoolLimits {
  const maxInstances = pool.instances.max;
  const tooLarge = tasks.filter((kind) => kind.count > 0 && !fits(kind, pool)).map(({ service }) => service);
  const packed = pack(tasks, pool);
  if (packed === undefined) return { maxInstances, isEnough: false, tooLarge, growth: 0 };
  return {
    maxInstances,
    instances: packed.length,
    isEnough: packed.length <= maxInstances,
    tooLarge,
    growth: growthIn(tasks, pool),
  };
}

/** The largest factor, in hundredths, at which all counts still fit. */
function growthIn(tasks: readonly TaskKind[], pool: FleetPool): number {
  const isIn = (steps: number): boolean => {
    const factor = steps * GROWTH_STEP;
    const grown = tasks.map((kind) => ({ ...kind, count: Math.ceil(kind.count * factor - 1e-9) }));
    return (pack(grown, pool)?.length ?? Number.POSITIVE_INFINITY) <= pool.instances.max;
  };
  let [low, high] = [0, MAX_GROWTH / GROWTH_STEP];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (isIn(middle)) low = middle;
    else high = middle;
  }
  return low * GROWTH_STEP;
}

/** The resource of which the tasks need the larger share. */
export function fullFirst(needs: Room, room: Room): 'cpu' | 'memory' {
  return needs.cpuUnits / room.cpuUnits >= needs.memoryMiB / room.memoryMiB ? 'cpu' : 'memory';
}
