/**
 * Shares a pool of instances out among services that want more than fits, pure.
 *
 * What a service has already is never taken from it here; what is free goes task by task to the highest priority, within
 * one priority to the service whose jobs wait longest for their objective. A task that finds no instance is passed over,
 * so that a smaller one may still go.
 */

/** What a service wants. */
export interface TaskWish {
  readonly service: string;
  /** Tasks that it wants, and has. */
  readonly desired: number;
  readonly current: number;
  readonly priority: number;
  /** Size of one task. */
  readonly cpuUnits: number;
  readonly memoryMiB: number;
  /** Expected wait relative to the objective: above 1, jobs are late. */
  readonly lateness: number;
}

/** What there is. */
export interface PoolCapacity {
  /** What one instance offers. */
  readonly cpuUnits: number;
  readonly memoryMiB: number;
  readonly instances: number;
}

/** What a service gets. */
export interface TaskGrant {
  readonly service: string;
  readonly tasks: number;
  /** Which resource was missing; absent when it got what it wanted. */
  readonly missing?: 'cpu' | 'memory';
}

interface Instance {
  cpuUnits: number;
  memoryMiB: number;
}

/** Grants in the order of the wishes. */
export function allocate(wishes: readonly TaskWish[], pool: PoolCapacity): readonly TaskGrant[] {
  const instances: Instance[] = Array.from({ length: pool.instances }, () => ({
    cpuUnits: pool.cpuUnits,
    memoryMiB: pool.memoryMiB,
  }));
  const granted = new Map(wishes.map((wish) => [wish.service, Math.min(wish.current, wish.desired)]));
  // What runs lies somewhere: large tasks first is how a scheduler packs them at best (first-fit decreasing).
  for (const wish of bySize(wishes))
    for (let task = 0; task < (granted.get(wish.service) ?? 0); task += 1) place(instances, wish);
  const missing = new Map<string, 'cpu' | 'memory'>();
  for (const wish of byUrgency(wishes)) {
    let tasks = granted.get(wish.service) ?? 0;
    while (tasks < wish.desired && place(instances, wish)) tasks += 1;
    granted.set(wish.service, tasks);
    if (tasks < wish.desired) missing.set(wish.service, scarcer(instances, wish));
  }
  return wishes.map(({ service }) => {
    const lack = missing.get(service);
    return { service, tasks: granted.get(service) ?? 0, ...(lack === undefined ? {} : { missing: lack }) };
  });
}

/** Puts a task on the first instance with room. */
function place(instances: readonly Instance[], { cpuUnits, memoryMiB }: TaskWish): boolean {
  const instance = instances.find((each) => each.cpuUnits >= cpuUnits && each.memoryMiB >= memoryMiB);
  if (instance === undefined) return false;
  instance.cpuUnits -= cpuUnits;
  instance.memoryMiB -= memoryMiB;
  return true;
}

/** The resource that fewer instances have enough of. */
function scarcer(instances: readonly Instance[], wish: TaskWish): 'cpu' | 'memory' {
  const withCpu = instances.filter(({ cpuUnits }) => cpuUnits >= wish.cpuUnits).length;
  const withMemory = instances.filter(({ memoryMiB }) => memoryMiB >= wish.memoryMiB).length;
  return withCpu < withMemory ? 'cpu' : 'memory';
}

function bySize(wishes: readonly TaskWish[]): readonly TaskWish[] {
  return wishes.toSorted((left, right) => right.memoryMiB - left.memoryMiB || right.cpuUnits - left.cpuUnits);
}

function byUrgency(wishes: readonly TaskWish[]): readonly TaskWish[] {
  return wishes.toSorted((left, right) => right.priority - left.priority || right.lateness - left.lateness);
}
