/**
 * Packs tasks on instances, pure. Two resources make exact packing hard, so the smallest of several first-fit-decreasing
 * packings is taken: each order is good where another resource is scarce. On small cases the tests hold the loss against
 * an exact packer.
 */
import type { Room, TaskKind } from './instance-type.ts';

/** One instance and what lies on it. */
export interface PackedInstance {
  /** Tasks by service. */
  readonly tasks: ReadonlyMap<string, number>;
  readonly used: Room;
}

type Order = (kind: TaskKind, room: Room) => number;

const ORDERS: readonly Order[] = [
  ({ cpuUnits, memoryMiB }, room) => Math.max(cpuUnits / room.cpuUnits, memoryMiB / room.memoryMiB),
  ({ cpuUnits, memoryMiB }, room) => cpuUnits / room.cpuUnits + memoryMiB / room.memoryMiB,
  ({ cpuUnits }, room) => cpuUnits / room.cpuUnits,
  ({ memoryMiB }, room) => memoryMiB / room.memoryMiB,
];

/** An instance while it is filled. */
class OpenInstance implements PackedInstance {
  readonly tasks: Map<string, number> = new Map();
  #left: { cpuUnits: number; memoryMiB: number };
  readonly #room: Room;

  constructor(room: Room) {
    this.#room = room;
    this.#left = { ...room };
  }

  get used(): Room {
    return {
      cpuUnits: this.#room.cpuUnits - this.#left.cpuUnits,
      memoryMiB: this.#room.memoryMiB - this.#left.memoryMiB,
    };
  }

  /** Takes as many of up to `count` tasks as fit, and tells how many. */
  take({ service, cpuUnits, memoryMiB }: TaskKind, count: number): number {
    const { cpuUnits: cpu, memoryMiB: memory } = this.#left;
    const taken = Math.min(count, Math.floor(cpu / cpuUnits), Math.floor(memory / memoryMiB));
    if (taken === 0) return 0;
    this.#left = { cpuUnits: cpu - taken * cpuUnits, memoryMiB: memory - taken * memoryMiB };
    this.tasks.set(service, (this.tasks.get(service) ?? 0) + taken);
    return taken;
  }
}

/** Whether a task fits an empty instance. */
export function fits({ cpuUnits, memoryMiB }: TaskKind, room: Room): boolean {
  return cpuUnits <= room.cpuUnits && memoryMiB <= room.memoryMiB;
}

/** The fewest instances found; `undefined` when a task fits none. */
export function pack(kinds: readonly TaskKind[], room: Room): readonly PackedInstance[] | undefined {
  const wanted = kinds.filter(({ count }) => count > 0);
  if (wanted.some((kind) => !fits(kind, room))) return undefined;
  const packings = [
    ...ORDERS.map((order) => firstFit(sorted(wanted, room, order), room)),
    fillOneByOne(wanted, room),
  ];
  return packings.reduce((best, next) => (next.length < best.length ? next : best));
}

/** Kinds, the largest in this order first. */
function sorted(kinds: readonly TaskKind[], room: Room, order: Order): TaskKind[] {
  return kinds.toSorted((left, right) => order(right, room) - order(left, room));
}

function firstFit(kinds: readonly TaskKind[], room: Room): PackedInstance[] {
  const instances: OpenInstance[] = [];
  for (const kind of kinds) {
    let left = kind.count;
    for (const instance of instances) {
      if (left === 0) break;
      left -= instance.take(kind, left);
    }
    while (left > 0) {
      const instance = new OpenInstance(room);
      left -= instance.take(kind, left);
      instances.push(instance);
    }
  }
  return instances;
}

/** Fills one instance after the other, each as full as it goes. */
function fillOneByOne(kinds: readonly TaskKind[], room: Room): PackedInstance[] {
  const left = new Map(kinds.map((kind) => [kind, kind.count]));
  const instances: PackedInstance[] = [];
  while ([...left.values()].some((count) => count > 0)) {
    const instance = fullest(left, room);
    remove(left, instance);
    instances.push(instance);
  }
  return instances;
}

/** The fullest instance that can be made of what is left: the best of filling it in each order. */
export function fullest(left: ReadonlyMap<TaskKind, number>, room: Room): PackedInstance {
  const kinds = [...left.keys()].filter((kind) => (left.get(kind) ?? 0) > 0 && fits(kind, room));
  const filled = ORDERS.map((order) => {
    const instance = new OpenInstance(room);
    for (const kind of sorted(kinds, room, order)) instance.take(kind, left.get(kind) ?? 0);
    return instance;
  });
  return filled.reduce(
    (best, next) => (fullness(next, room) > fullness(best, room) ? next : best),
    new OpenInstance(room),
  );
}

/** Takes what lies on an instance away from what is left. */
export function remove(left: Map<TaskKind, number>, instance: PackedInstance): void {
  for (const [kind, count] of left) left.set(kind, count - (instance.tasks.get(kind.service) ?? 0));
}

function fullness({ used }: PackedInstance, room: Room): number {
  return used.cpuUnits / room.cpuUnits + used.memoryMiB / room.memoryMiB;
}
