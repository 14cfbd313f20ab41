/**
 * What a fleet needs of instances and what that costs, pure: each instance type by itself, the cheapest mix, Fargate, and
 * what is full first.
 */
import { LongshoreError } from '@longshore/job';
import type { Fleet } from '../fleet.ts';
import { cheapestMix, type PricedInstance } from './cheapest-mix.ts';
import { fargatePrice } from './fargate.ts';
import { roomOn, type InstanceType, type PriceList, type Room, type TaskKind } from './instance-type.ts';
import { pack, type PackedInstance } from './pack.ts';
import { fullFirst, poolLimits, type PoolLimits } from './pool-limits.ts';

/** Options of {@link planFleet}. */
export interface PlanOptions {
  readonly prices: PriceList;
  /** Tasks by service. Default: every service at its `scale.max`. */
  readonly tasks?: Readonly<Record<string, number>>;
  /** Zones that the instances lie in, 1 to 6. Default 2. */
  readonly zones?: number;
  /**
   * `spread`: each service's tasks evenly over the zones, so that one zone's loss leaves the rest of every service.
   * `binpack`: as few instances as can be, at least one a zone. Default `spread`.
   */
  readonly placement?: 'spread' | 'binpack';
  /** Share of each instance that is kept free, 0 to 0.9. Default 0. */
  readonly headroom?: number;
  /** Only types of this architecture. Default: all. */
  readonly architecture?: InstanceType['architecture'];
}

/** A fleet on one instance type. Money is US dollars a month of 730 hours. */
export interface TypePlan {
  readonly type: string;
  readonly instances: number;
  /** Shares of what the instances offer to tasks. */
  readonly cpuShare: number;
  readonly memoryShare: number;
  /** Tasks on the instance that has most of them: what one instance's loss costs. */
  readonly mostTasks: number;
  readonly onDemand: number;
  readonly spot: number;
}

/** A mix of types, with how many of each. */
export interface MixPlan {
  readonly instances: Readonly<Record<string, number>>;
  readonly perMonth: number;
}

/** A fleet's plan. */
export interface FleetPlan {
  readonly tasks: readonly TaskKind[];
  readonly needs: Room;
  readonly prices: { readonly asOf: string; readonly region: string };
  /** The cheapest on demand first. Types that hold not every task are left out. */
  readonly types: readonly TypePlan[];
  readonly cheapest: { readonly onDemand: MixPlan; readonly spot: MixPlan } | undefined;
  /** Absent when a task is too large for Fargate. */
  readonly fargate: { readonly onDemand: number; readonly spot: number } | undefined;
  /** Which resource is full first on the cheapest type, or on the fleet's own pool. */
  readonly fullFirst: 'cpu' | 'memory';
  /** How the fleet fits its own pool, where it has one. */
  readonly pool: PoolLimits | undefined;
}

/** Hours of a month, as AWS counts them. */
const HOURS_A_MONTH = 730;
const MAX_ZONES = 6;

/** Plans a fleet. @throws LongshoreError `invalid_options`: zones, headroom, a service that the fleet has not */
export function planFleet(fleet: Fleet, options: PlanOptions): FleetPlan {
  const { prices, zones = 2, placement = 'spread', headroom = 0 } = options;
  checkOptions(fleet, options, zones, headroom);
  const tasks = taskKinds(fleet, options.tasks);
  const types = prices.instances.filter(
    ({ architecture }) => options.architecture === undefined || architecture === options.architecture,
  );
  const shares = placement === 'spread' ? zoneShares(tasks, zones) : [tasks];
  const plans = types
    .flatMap((type) => typePlan(type, shares, { headroom, minInstances: Math.min(zones, countOf(tasks)) }))
    .toSorted((left, right) => left.onDemand - right.onDemand || left.instances - right.instances);
  const onDemand = mixPlan(shares, types, headroom, ({ onDemand: price }) => price);
  const spot = mixPlan(shares, types, headroom, ({ spot: price }) => price);
  const needs = sumOf(tasks);
  const [best] = plans;
  const pool = fleet.pool === undefined ? undefined : poolLimits(tasks, fleet.pool);
  const first = types.find(({ name }) => name === best?.type);
  return {
    tasks,
    needs,
    prices: { asOf: prices.asOf, region: prices.region },
    types: plans,
    cheapest: onDemand === undefined || spot === undefined ? undefined : { onDemand, spot },
    fargate: fargatePlan(tasks, prices),
    fullFirst: fullFirst(needs, fleet.pool ?? (first === undefined ? needs : roomOn(first, headroom))),
    pool,
  };
}

function taskKinds({ services }: Fleet, counts: PlanOptions['tasks']): readonly TaskKind[] {
  return services.map(({ name, cpuUnits, memoryMiB, scale }) => ({
    service: name,
    count: counts?.[name] ?? scale.max,
    cpuUnits,
    memoryMiB,
  }));
}

/** What each zone has of the tasks; the zone that has one more of a service changes from service to service. */
function zoneShares(tasks: readonly TaskKind[], zones: number): readonly (readonly TaskKind[])[] {
  let turn = 0;
  const shares = Array.from({ length: zones }, (): TaskKind[] => []);
  for (const kind of tasks) {
    const [even, rest] = [Math.floor(kind.count / zones), kind.count % zones];
    for (const [zone, share] of shares.entries()) {
      const hasOneMore = (zone - turn + zones) % zones < rest;
      share.push({ ...kind, count: even + (hasOneMore ? 1 : 0) });
    }
    turn = (turn + rest) % zones;
  }
  return shares;
}

function typePlan(
  type: InstanceType,
  shares: readonly (readonly TaskKind[])[],
  { headroom, minInstances }: { readonly headroom: number; readonly minInstances: number },
): TypePlan[] {
  const room = roomOn(type, headroom);
  const packed: PackedInstance[] = [];
  for (const share of shares) {
    const instances = pack(share, room);
    if (instances === undefined) return [];
    packed.push(...instances);
  }
  const count = Math.max(packed.length, minInstances);
  const used = sumUsed(packed);
  return [
    {
      type: type.name,
      instances: count,
      cpuShare: count === 0 ? 0 : used.cpuUnits / (count * room.cpuUnits),
      memoryShare: count === 0 ? 0 : used.memoryMiB / (count * room.memoryMiB),
      mostTasks: Math.max(0, ...packed.map(({ tasks }) => sum([...tasks.values()]))),
      onDemand: count * type.onDemand * HOURS_A_MONTH,
      spot: count * type.spot * HOURS_A_MONTH,
    },
  ];
}

function mixPlan(
  shares: readonly (readonly TaskKind[])[],
  types: readonly InstanceType[],
  headroom: number,
  price: (type: InstanceType) => number,
): MixPlan | undefined {
  const all: PricedInstance[] = [];
  for (const share of shares) {
    const mix = cheapestMix(share, types, { headroom, price });
    if (mix === undefined) return undefined;
    all.push(...mix);
  }
  const byType = Map.groupBy(all, ({ type }) => type.name);
  return {
    instances: Object.fromEntries([...byType].map(([name, { length }]) => [name, length])),
    perMonth: sum(all.map(({ type }) => price(type))) * HOURS_A_MONTH,
  };
}

function fargatePlan(tasks: readonly TaskKind[], prices: PriceList): FleetPlan['fargate'] {
  let [onDemand, spot] = [0, 0];
  for (const kind of tasks) {
    const price = fargatePrice(kind, prices);
    if (price === undefined) return undefined;
    onDemand += kind.count * price.onDemand * HOURS_A_MONTH;
    spot += kind.count * price.spot * HOURS_A_MONTH;
  }
  return { onDemand, spot };
}

function checkOptions(fleet: Fleet, { tasks = {} }: PlanOptions, zones: number, headroom: number): void {
  const faults: string[] = [];
  const names = fleet.services.map(({ name }) => name);
  if (!Number.isInteger(zones) || zones < 1 || zones > MAX_ZONES)
    faults.push(`zones is ${zones}, expected 1 to ${MAX_ZONES}`);
  if (!(headroom >= 0 && headroom <= 0.9)) faults.push(`headroom is ${headroom}, expected 0 to 0.9`);
  for (const [name, count] of Object.entries(tasks)) {
    if (!names.includes(name))
      faults.push(`"${name}" is no service of the fleet, which has ${names.join(', ')}`);
    if (!Number.isInteger(count) || count < 0)
      faults.push(`tasks of "${name}" is ${count}, expected a whole number from 0`);
  }
  if (faults.length > 0) throw new LongshoreError('invalid_options', `Cannot plan: ${faults.join('; ')}`);
}

function sumOf(tasks: readonly TaskKind[]): Room {
  return {
    cpuUnits: sum(tasks.map(({ count, cpuUnits }) => count * cpuUnits)),
    memoryMiB: sum(tasks.map(({ count, memoryMiB }) => count * memoryMiB)),
  };
}

function sumUsed(packed: readonly PackedInstance[]): Room {
  return {
    cpuUnits: sum(packed.map(({ used }) => used.cpuUnits)),
    memoryMiB: sum(packed.map(({ used }) => used.memoryMiB)),
  };
}

function countOf(tasks: readonly TaskKind[]): number {
  return sum(tasks.map(({ count }) => count));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
