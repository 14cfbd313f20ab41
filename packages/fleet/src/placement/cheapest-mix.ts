/**
 * The cheapest mix of instance types found for a fleet, pure: the best of each type alone, of each type alone with every
 * instance replaced by the cheapest that holds the same tasks, and of a greedy choice that always takes the instance with
 * the lowest price for what it holds.
 */
import { roomOn, type InstanceType, type TaskKind } from './instance-type.ts';
import { fits, fullest, pack, remove, type PackedInstance } from './pack.ts';

/** An instance of a mix. */
export interface PricedInstance extends PackedInstance {
  readonly type: InstanceType;
}

/** Options of {@link cheapestMix}. */
export interface MixOptions {
  readonly headroom: number;
  /** Dollars an hour that a type is chosen by. */
  readonly price: (type: InstanceType) => number;
}

/** The cheapest mix found; `undefined` when a task fits no type. */
export function cheapestMix(
  kinds: readonly TaskKind[],
  types: readonly InstanceType[],
  options: MixOptions,
): readonly PricedInstance[] | undefined {
  const mixes = types.flatMap((type) => {
    const packed = pack(kinds, roomOn(type, options.headroom));
    if (packed === undefined) return [];
    return [packed.map((instance) => cheapestFor(instance, type, types, options))];
  });
  const greedy = greedyMix(kinds, types, options);
  const all = greedy === undefined ? mixes : [...mixes, greedy];
  const cost = (mix: readonly PricedInstance[]): number =>
    mix.reduce((sum, { type }) => sum + options.price(type), 0);
  return all.length === 0 ? undefined : all.reduce((best, next) => (cost(next) < cost(best) ? next : best));
}

/** The same tasks on the cheapest type that holds them. */
function cheapestFor(
  instance: PackedInstance,
  own: InstanceType,
  types: readonly InstanceType[],
  { headroom, price }: MixOptions,
): PricedInstance {
  const holds = (type: InstanceType): boolean => {
    const room = roomOn(type, headroom);
    return instance.used.cpuUnits <= room.cpuUnits && instance.used.memoryMiB <= room.memoryMiB;
  };
  const type = types.filter(holds).reduce((best, next) => (price(next) < price(best) ? next : best), own);
  return { tasks: instance.tasks, used: instance.used, type };
}

/** Takes the instance with the lowest price for its load, again and again. */
function greedyMix(
  kinds: readonly TaskKind[],
  types: readonly InstanceType[],
  options: MixOptions,
): readonly PricedInstance[] | undefined {
  const { headroom, price } = options;
  if (kinds.some((kind) => kind.count > 0 && !types.some((type) => fits(kind, roomOn(type, headroom)))))
    return undefined;
  const worth = loadWorth(types, price);
  const left = new Map(kinds.map((kind) => [kind, kind.count]));
  const mix: PricedInstance[] = [];
  while ([...left.values()].some((count) => count > 0)) {
    const candidates = types.flatMap((type) => {
      const { tasks, used } = fullest(left, roomOn(type, headroom));
      return tasks.size === 0 ? [] : [{ tasks, used, type, dearness: price(type) / worth(used) }];
    });
    const best = candidates.reduce((one, other) => (other.dearness < one.dearness ? other : one));
    remove(left, best);
    mix.push({ tasks: best.tasks, used: best.used, type: best.type });
  }
  return mix.map((instance) => cheapestFor(instance, instance.type, types, options));
}

/** What a load is worth: each resource at the lowest price that any type asks for it, were it alone. */
function loadWorth(
  types: readonly InstanceType[],
  price: MixOptions['price'],
): (used: { readonly cpuUnits: number; readonly memoryMiB: number }) => number {
  const perCpuUnit = Math.min(...types.map((type) => price(type) / type.cpuUnits));
  const perMiB = Math.min(...types.map((type) => price(type) / type.memoryMiB));
  return ({ cpuUnits, memoryMiB }) => cpuUnits * perCpuUnit + memoryMiB * perMiB;
}
