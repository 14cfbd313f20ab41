/**
 * List prices that a plan is made with where its user has none of their own. Linux, on demand, us-east-1. Sizes of one
 * family cost in proportion to their vCPUs. Spot moves by the hour and the zone: its share is what a planner may count on.
 */
import type { InstanceType, PriceList } from './instance-type.ts';

interface Family {
  readonly name: string;
  readonly gibPerVcpu: number;
  /** Dollars an hour of the `large` size, which has two vCPUs. */
  readonly large: number;
  readonly architecture: InstanceType['architecture'];
}

const FAMILIES: readonly Family[] = [
  { name: 'c7i', gibPerVcpu: 2, large: 0.08925, architecture: 'x86_64' },
  { name: 'm7i', gibPerVcpu: 4, large: 0.1008, architecture: 'x86_64' },
  { name: 'r7i', gibPerVcpu: 8, large: 0.1323, architecture: 'x86_64' },
  { name: 'c7g', gibPerVcpu: 2, large: 0.0725, architecture: 'arm64' },
  { name: 'm7g', gibPerVcpu: 4, large: 0.0816, architecture: 'arm64' },
  { name: 'r7g', gibPerVcpu: 8, large: 0.1071, architecture: 'arm64' },
];
const SIZES: readonly { readonly name: string; readonly vcpus: number }[] = [
  { name: 'large', vcpus: 2 },
  { name: 'xlarge', vcpus: 4 },
  { name: '2xlarge', vcpus: 8 },
  { name: '4xlarge', vcpus: 16 },
  { name: '8xlarge', vcpus: 32 },
];
/** Spot of these families was 35 to 45 % of the price on demand, by zone and size. */
const SPOT_SHARE = 0.4;
const FARGATE_SPOT_SHARE = 0.3;
const FARGATE = { vcpu: 0.04048, gib: 0.004445 };

/** The list. */
export const LIST_PRICES: PriceList = {
  asOf: '2026-06-17',
  region: 'us-east-1',
  source: 'AWS list prices for Linux as published in blogs and price pages; Spot as a share of them',
  instances: FAMILIES.flatMap(({ name, gibPerVcpu, large, architecture }) =>
    SIZES.map(({ name: size, vcpus }) => ({
      name: `${name}.${size}`,
      cpuUnits: vcpus * 1_024,
      memoryMiB: vcpus * gibPerVcpu * 1_024,
      onDemand: round((large * vcpus) / 2),
      spot: round(((large * vcpus) / 2) * SPOT_SHARE),
      architecture,
    })),
  ),
  fargate: {
    ...FARGATE,
    spotVcpu: round(FARGATE.vcpu * FARGATE_SPOT_SHARE),
    spotGib: round(FARGATE.gib * FARGATE_SPOT_SHARE),
  },
};

function round(dollars: number): number {
  return Math.round(dollars * 1e6) / 1e6;
}
