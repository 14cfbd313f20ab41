import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFleet } from '../define-fleet.ts';
import { cheapestMix } from './cheapest-mix.ts';
import { fargateSize } from './fargate.ts';
import { cheapestPacking, fewestInstances } from './fixtures/exact-packing.ts';
import { MEMORY_FOR_TASKS, type InstanceType, type TaskKind } from './instance-type.ts';
import { LIST_PRICES } from './list-prices.ts';
import { pack } from './pack.ts';
import { parsePrices } from './parse-prices.ts';
import { planFleet } from './plan-fleet.ts';

const kind = (service: string, count: number, cpuUnits: number, memoryMiB: number): TaskKind => ({
  service,
  count,
  cpuUnits,
  memoryMiB,
});

/** Up to nine tasks of four kinds on an instance of 16 by 16. */
const smallCases = fc
  .array(
    fc.record({
      count: fc.integer({ min: 1, max: 4 }),
      cpu: fc.integer({ min: 1, max: 16 }),
      memory: fc.integer({ min: 1, max: 16 }),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((each) => each.map(({ count, cpu, memory }, index) => kind(`s${index}`, count, cpu, memory)))
  .filter((kinds) => kinds.reduce((sum, { count }) => sum + count, 0) <= 9);

const type = (name: string, cpuUnits: number, memoryMiB: number, onDemand: number): InstanceType => ({
  name,
  cpuUnits,
  // As much as leaves whole numbers to tasks.
  memoryMiB: Math.ceil(memoryMiB / MEMORY_FOR_TASKS),
  onDemand,
  spot: onDemand / 3,
  architecture: 'x86_64',
});
const TYPES = [
  type('even', 16, 16, 1),
  type('lean', 16, 8, 0.8),
  type('large', 32, 32, 1.95),
  type('half', 8, 8, 0.55),
];

describe('packing', () => {
  it('places every task once, within every instance, whatever they are', () => {
    fc.assert(
      fc.property(smallCases, (kinds) => {
        const packed = pack(kinds, { cpuUnits: 16, memoryMiB: 16 }) ?? [];
        for (const { count, service } of kinds)
          expect(packed.reduce((sum, { tasks }) => sum + (tasks.get(service) ?? 0), 0)).toBe(count);
        for (const { tasks, used } of packed) {
          const load = kinds.reduce(
            (sum, { service, cpuUnits }) => sum + (tasks.get(service) ?? 0) * cpuUnits,
            0,
          );
          expect(used.cpuUnits).toBe(load);
          expect(Math.max(used.cpuUnits, used.memoryMiB)).toBeLessThanOrEqual(16);
        }
      }),
    );
  });

  it('needs at most one instance more than an exact packer on small cases, and seldom that', () => {
    let more = 0;
    let cases = 0;
    fc.assert(
      fc.property(smallCases, (kinds) => {
        const room = { cpuUnits: 16, memoryMiB: 16 };
        const found = pack(kinds, room)?.length ?? 0;
        const fewest = fewestInstances(kinds, room);
        cases += 1;
        more += found - fewest;
        expect(found).toBeGreaterThanOrEqual(fewest);
        expect(found).toBeLessThanOrEqual(fewest + 1);
      }),
      { numRuns: 300, seed: 7 },
    );
    expect(more / cases).toBeLessThan(0.02);
  });

  it('says that a task fits no instance', () => {
    expect(pack([kind('huge', 1, 17, 1)], { cpuUnits: 16, memoryMiB: 16 })).toBeUndefined();
  });
});

describe('the cheapest mix', () => {
  it('costs little more than the exact one on small cases', () => {
    const losses: number[] = [];
    fc.assert(
      fc.property(smallCases, (kinds) => {
        const mix = cheapestMix(kinds, TYPES, { headroom: 0, price: ({ onDemand }) => onDemand }) ?? [];
        const cost = mix.reduce((sum, each) => sum + each.type.onDemand, 0);
        const cheapest = cheapestPacking(kinds, TYPES);
        losses.push(cost / cheapest);
        expect(cost).toBeGreaterThanOrEqual(cheapest - 1e-9);
        expect(cost).toBeLessThanOrEqual(cheapest * 1.35);
      }),
      { numRuns: 200, seed: 11 },
    );
    expect(losses.reduce((sum, loss) => sum + loss, 0) / losses.length).toBeLessThan(1.04);
  });
});

const fleet = defineFleet({
  name: 'post',
  queues: { mail: { jobs: ['send-mail'] }, print: { jobs: ['print'] } },
  services: {
    mail: {
      entry: './mail.ts',
      queue: 'mail',
      slots: 1,
      cpuUnits: 1_024,
      memoryMiB: 2_048,
      scale: { max: 10 },
      objective: { timeInQueue: '60s' },
    },
    print: {
      entry: './print.ts',
      queue: 'print',
      slots: 1,
      cpuUnits: 256,
      memoryMiB: 512,
      scale: { max: 4 },
      objective: { timeInQueue: '60s' },
    },
  },
  pool: { cpuUnits: 4_096, memoryMiB: 15_000, instances: { max: 3 } },
});

describe('the plan of a fleet', () => {
  it('counts what all services need at their most', () => {
    const plan = planFleet(fleet, { prices: LIST_PRICES });
    expect(plan.needs).toEqual({ cpuUnits: 11_264, memoryMiB: 22_528 });
    expect(plan.fullFirst).toBe('cpu');
    expect(plan.pool).toMatchObject({ instances: 3, maxInstances: 3, isEnough: true, tooLarge: [] });
    expect(plan.pool?.growth).toBeGreaterThanOrEqual(1);
    expect(plan.pool?.growth).toBeLessThan(1.1);
  });

  it('shows many small instances beside fewer large ones', () => {
    const { types } = planFleet(fleet, { prices: LIST_PRICES, architecture: 'x86_64' });
    const [small, large] = ['c7i.xlarge', 'c7i.4xlarge'].map((name) =>
      types.find((each) => each.type === name),
    );
    expect(small?.instances).toBe(4);
    expect(large).toMatchObject({ instances: 2, mostTasks: 7 });
    expect(small?.onDemand).toBeCloseTo(4 * 0.1785 * 730, 6);
    expect(types.map(({ onDemand }) => onDemand)).toEqual(
      types.map(({ onDemand }) => onDemand).toSorted((one, other) => one - other),
    );
  });

  it('finds a mix that costs no more than the cheapest single type', () => {
    const plan = planFleet(fleet, { prices: LIST_PRICES });
    expect(plan.cheapest?.onDemand.perMonth).toBeLessThanOrEqual((plan.types[0]?.onDemand ?? 0) + 1e-9);
    expect(plan.cheapest?.spot.perMonth).toBeLessThan(plan.cheapest?.onDemand.perMonth ?? 0);
  });

  it('prices Fargate by the sizes that it has', () => {
    expect(fargateSize({ cpuUnits: 256, memoryMiB: 1_200 })).toEqual({ cpuUnits: 256, memoryMiB: 2_048 });
    expect(fargateSize({ cpuUnits: 300, memoryMiB: 512 })).toEqual({ cpuUnits: 512, memoryMiB: 1_024 });
    expect(fargateSize({ cpuUnits: 256, memoryMiB: 9_000 })).toEqual({ cpuUnits: 2_048, memoryMiB: 9_216 });
    expect(fargateSize({ cpuUnits: 20_000, memoryMiB: 1_024 })).toBeUndefined();
    const { fargate } = planFleet(fleet, { prices: LIST_PRICES, tasks: { mail: 1, print: 0 } });
    expect(fargate?.onDemand).toBeCloseTo((0.04048 + 2 * 0.004445) * 730, 6);
  });

  it('keeps one instance a zone, and headroom on each', () => {
    const alone = { prices: LIST_PRICES, tasks: { mail: 1, print: 1 }, zones: 3 } as const;
    const one = planFleet(fleet, { ...alone, placement: 'binpack' }).types.find(
      (each) => each.type === 'm7i.8xlarge',
    );
    expect(one?.instances).toBe(2);
    const full = planFleet(fleet, {
      prices: LIST_PRICES,
      tasks: { mail: 2, print: 0 },
      placement: 'binpack',
      zones: 1,
    });
    const roomy = planFleet(fleet, {
      prices: LIST_PRICES,
      tasks: { mail: 2, print: 0 },
      placement: 'binpack',
      zones: 1,
      headroom: 0.3,
    });
    const instances = (plan: typeof full): number | undefined =>
      plan.types.find((each) => each.type === 'm7i.large')?.instances;
    expect([instances(full), instances(roomy)]).toEqual([1, 2]);
  });

  it('plans 5,000 tasks of 20 services', () => {
    const services = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [
        `service-${index}`,
        {
          entry: './one.ts',
          queue: 'mail' as const,
          slots: 1,
          cpuUnits: 128 + 97 * index,
          memoryMiB: 256 + ((index * 701) % 4_000),
          scale: { max: 250 },
          objective: { timeInQueue: '60s' },
        },
      ]),
    );
    const large = defineFleet({ name: 'large', queues: { mail: { jobs: ['send-mail'] } }, services });
    const plan = planFleet(large, { prices: LIST_PRICES });
    expect(plan.tasks.reduce((sum, { count }) => sum + count, 0)).toBe(5_000);
    for (const { cpuShare, memoryShare } of plan.types)
      expect(Math.max(cpuShare, memoryShare)).toBeGreaterThan(0.8);
  });

  it.each([
    [{ zones: 0 }, 'zones is 0'],
    [{ headroom: 1 }, 'headroom is 1'],
    [{ tasks: { post: 1 } }, '"post" is no service of the fleet, which has mail, print'],
    [{ tasks: { mail: -1 } }, 'tasks of "mail" is -1'],
  ])('refuses %j', (options, fault) => {
    expect(() => planFleet(fleet, { prices: LIST_PRICES, ...options })).toThrow(fault);
  });
});

describe('a price list', () => {
  it('is read back as it was written', () => {
    expect(parsePrices(JSON.parse(JSON.stringify(LIST_PRICES)))).toEqual(LIST_PRICES);
  });

  it('is refused with every fault', () => {
    const [first] = LIST_PRICES.instances;
    const wrong = {
      ...LIST_PRICES,
      asOf: 'today',
      instances: [{ ...first, onDemand: -1, architecture: 'riscv' }],
    };
    expect(() => parsePrices(wrong)).toThrow(/asOf is "today".*onDemand is -1.*architecture is "riscv"/u);
    expect(() => parsePrices('m5.large')).toThrow('no object');
  });
});
