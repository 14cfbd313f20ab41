/**
 * What a task costs on Fargate, where it gets the next larger size that Fargate offers.
 *
 * Sizes: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
 */
import type { PriceList, Room } from './instance-type.ts';

interface Size {
  readonly cpuUnits: number;
  readonly minMiB: number;
  readonly maxMiB: number;
  readonly stepMiB: number;
}

const GIB = 1_024;
const SIZES: readonly Size[] = [
  { cpuUnits: 256, minMiB: 512, maxMiB: 2 * GIB, stepMiB: 512 },
  { cpuUnits: 512, minMiB: GIB, maxMiB: 4 * GIB, stepMiB: GIB },
  { cpuUnits: 1_024, minMiB: 2 * GIB, maxMiB: 8 * GIB, stepMiB: GIB },
  { cpuUnits: 2_048, minMiB: 4 * GIB, maxMiB: 16 * GIB, stepMiB: GIB },
  { cpuUnits: 4_096, minMiB: 8 * GIB, maxMiB: 30 * GIB, stepMiB: GIB },
  { cpuUnits: 8_192, minMiB: 16 * GIB, maxMiB: 60 * GIB, stepMiB: 4 * GIB },
  { cpuUnits: 16_384, minMiB: 32 * GIB, maxMiB: 120 * GIB, stepMiB: 8 * GIB },
];

/** The smallest Fargate size that holds a task; `undefined` beyond the largest. */
export function fargateSize({ cpuUnits, memoryMiB }: Room): Room | undefined {
  const size = SIZES.find((each) => each.cpuUnits >= cpuUnits && each.maxMiB >= memoryMiB);
  if (size === undefined) return undefined;
  // 256 units come with 512, 1,024 or 2,048 MiB, not with 1,536.
  const steps = Math.ceil(Math.max(memoryMiB, size.minMiB) / size.stepMiB) * size.stepMiB;
  return { cpuUnits: size.cpuUnits, memoryMiB: size.cpuUnits === 256 && steps === 1_536 ? 2 * GIB : steps };
}

/** Dollars an hour of one task, on demand and on Spot; `undefined` when it is too large. */
export function fargatePrice(
  task: Room,
  { fargate }: PriceList,
): { onDemand: number; spot: number } | undefined {
  const size = fargateSize(task);
  if (size === undefined) return undefined;
  const [vcpus, gibs] = [size.cpuUnits / 1_024, size.memoryMiB / GIB];
  return {
    onDemand: vcpus * fargate.vcpu + gibs * fargate.gib,
    spot: vcpus * fargate.spotVcpu + gibs * fargate.spotGib,
  };
}
