/** Instance types with their prices, and the tasks that are to be placed on them. */

/** What one instance of a type offers and costs. Prices are US dollars an hour. */
export interface InstanceType {
  readonly name: string;
  /** 1,024 units are one vCPU. */
  readonly cpuUnits: number;
  /** Memory as AWS lists it; tasks get less, see `MEMORY_FOR_TASKS`. */
  readonly memoryMiB: number;
  readonly onDemand: number;
  /** What Spot cost at the time; it moves. */
  readonly spot: number;
  readonly architecture: 'x86_64' | 'arm64';
}

/** Prices of a region at a date. */
export interface PriceList {
  /** Day of the prices, `YYYY-MM-DD`. */
  readonly asOf: string;
  readonly region: string;
  readonly source: string;
  readonly instances: readonly InstanceType[];
  /** Dollars an hour for one vCPU and for one GiB of a task. */
  readonly fargate: {
    readonly vcpu: number;
    readonly gib: number;
    readonly spotVcpu: number;
    readonly spotGib: number;
  };
}

/** Copies of one task. */
export interface TaskKind {
  readonly service: string;
  readonly count: number;
  readonly cpuUnits: number;
  readonly memoryMiB: number;
}

/**
 * Share of an instance's memory that its tasks can have: the kernel, the ECS agent and Docker have the rest. ECS-optimised
 * Amazon Linux registers 92 to 96 % of what AWS lists, less on small instances.
 */
export const MEMORY_FOR_TASKS = 0.93;

/** What is left for tasks on an instance, `headroom` (0 to below 1) kept free. */
export function roomOn(type: InstanceType, headroom: number): Room {
  return {
    cpuUnits: Math.floor(type.cpuUnits * (1 - headroom)),
    memoryMiB: Math.floor(type.memoryMiB * MEMORY_FOR_TASKS * (1 - headroom)),
  };
}

/** An amount of both resources. */
export interface Room {
  readonly cpuUnits: number;
  readonly memoryMiB: number;
}
