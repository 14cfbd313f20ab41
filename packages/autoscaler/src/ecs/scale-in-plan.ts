/**
 * How a service gets to a count, pure: which workers shall drain, and which count ECS can be asked for now.
 *
 * ECS chooses itself which task it stops, by availability zone and not by idleness. So workers are drained first, and the
 * count follows those that have nothing left. Invariants: the count never falls below the tasks that are busy or unknown,
 * nor during a deployment; a plan that is made again after a crash comes out the same or further on.
 */
import type { EcsServiceState } from './service-state.ts';
import type { ReportedWorker } from './worker-ports.ts';

/** The workers of a service next to what ECS counts. */
export interface Census {
  /** Running tasks that take work or may: not those that drain. */
  readonly working: number;
  /** Of those, the tasks with a job and the tasks that nobody knows anything about. */
  readonly busy: number;
  /** Draining tasks with a job left; they count to ECS's desired count. */
  readonly drainingBusy: number;
  /** Draining tasks without one that still run. */
  readonly drainingIdle: number;
  /** Tasks that ECS has been told to stop, or stops for a deployment, and still counts. */
  readonly ordered: number;
}

/** What to do next. */
export interface ScalePlan {
  /** The absolute count for ECS now; the present one where nothing is to be asked. */
  readonly count: number;
  /** All workers of the service that shall drain, sorted. */
  readonly draining: readonly string[];
}

/** Workers that are told to drain, perhaps without their having noticed, and since when. */
export type Told = ReadonlyMap<string, number>;

/** What a plan is made from. */
export interface PlanInputs {
  readonly state: EcsServiceState;
  readonly workers: readonly ReportedWorker[];
  readonly told: Told;
  /** Since when ECS has had no more tasks than were asked for; `Infinity` while it still has to stop some. */
  readonly settledMs: number;
  /** Whether workers can be told to drain. */
  readonly canDrain: boolean;
}

/**
 * Sets reports against ECS's counts. Reports of tasks that are gone linger for a while, and tasks that start have none
 * yet: who cannot be told apart is counted as working and busy.
 */
export function census(state: EcsServiceState, workers: readonly ReportedWorker[], told: Told): Census {
  const { desired, running, pending } = state;
  const there = present(state, workers);
  const takers = there.filter((worker) => takesWork(worker) && worker.isAnswering);
  const drained = there.filter(isDraining);
  const idleTakers = takers.filter(isIdle).length;
  const room = Math.max(0, running - takers.length);
  const idleDrained = drained.filter((worker) => hasDrained(worker, told)).length;
  const drainingBusy = Math.min(drained.length - idleDrained, room);
  const drainingIdle = Math.min(idleDrained, room - drainingBusy);
  const working = running - drainingBusy - drainingIdle;
  return {
    working,
    busy: Math.min(working, Math.max(takers.length - idleTakers, working - idleTakers)),
    drainingBusy,
    drainingIdle,
    ordered: Math.max(0, running + pending - desired),
  };
}

/** More reports than tasks: the oldest are of tasks that are gone, for workers that live go on reporting. */
function present(
  { running }: EcsServiceState,
  workers: readonly ReportedWorker[],
): readonly ReportedWorker[] {
  if (workers.length <= running) return workers;
  return workers
    .toSorted((left, right) => right.heardAtMs - left.heardAtMs || right.busySlots - left.busySlots)
    .slice(0, running);
}

/** The next step towards `wanted` tasks that take work. */
export function scalePlan(wanted: number, inputs: PlanInputs): ScalePlan {
  const { state, workers, canDrain } = inputs;
  const { desired, running, isDeploying } = state;
  if (wanted > desired) return { count: wanted, draining: [] };
  const counted = census(state, workers, inputs.told);
  const draining = canDrain ? drainList(wanted, counted, inputs) : [];
  if (isDeploying) return { count: desired, draining };
  const floor = Math.max(wanted, counted.busy + counted.drainingBusy);
  if (!canDrain) return { count: Math.min(desired, floor), draining };
  // Tasks that do not run yet have no job to lose.
  const missing = Math.max(0, desired - running);
  const idle = Math.min(leavable(inputs), Math.max(0, counted.drainingIdle - counted.ordered));
  const released = desired - missing - idle;
  return { count: Math.min(desired, Math.max(floor, released)), draining };
}

/** Drained workers that are surely still there: those that ECS stopped have reported before it was done. */
function leavable({ workers, told, settledMs }: PlanInputs): number {
  return workers.filter(
    (worker) => hasDrained(worker, told) && worker.isAnswering && worker.heardAtMs > settledMs,
  ).length;
}

function drainList(wanted: number, { drainingIdle, ordered }: Census, inputs: PlanInputs): readonly string[] {
  const { state, workers, told } = inputs;
  const { desired, running, isDeploying } = state;
  const idle = workers.filter((worker) => hasDrained(worker, told));
  // What ECS is about to stop leaves besides what it shall be asked to stop; a deployment's old tasks it replaces itself.
  const surplus = desired - wanted + (isDeploying ? 0 : ordered);
  // Which of the idle ones are gone already is unknown: all of them are wanted back, and those that are stopped do not care.
  if (drainingIdle > surplus) return idle.length > drainingIdle ? [] : ids(idle.slice(0, surplus));
  const missing = Math.max(0, desired - running);
  const others = present(state, workers)
    .filter((worker) => !idle.includes(worker))
    // A deployment stops tasks itself; only who was leaving already goes on leaving.
    .filter((worker) => !isDeploying || isDraining(worker) || told.has(worker.id))
    .toSorted((left, right) => cost(left, told) - cost(right, told) || right.startedAtMs - left.startedAtMs);
  return ids([...idle, ...others.slice(0, Math.max(0, surplus - drainingIdle - missing))]);
}

/** Who is leaving goes on leaving, so that a plan does not wander; then idle before busy, and silent ones last. */
function cost(worker: ReportedWorker, told: Told): number {
  if (!worker.isAnswering) return Number.MAX_SAFE_INTEGER;
  const isLeaving = isDraining(worker) || told.has(worker.id);
  return isLeaving ? worker.busySlots - 1_000_000 : worker.busySlots;
}

/** Not told otherwise: by us or an operator (`paused`), or by SIGTERM (`draining`). */
export function takesWork({ state }: ReportedWorker): boolean {
  return state === 'running' || state === 'starting';
}

function isDraining(worker: ReportedWorker): boolean {
  return !takesWork(worker);
}

/**
 * Nothing left to do, and nothing new: it said so after it was told, and was not told otherwise since. An older report may
 * be of an earlier drain, and the worker may have taken work in between. Whoever fell silent after that counts too.
 */
function hasDrained(worker: ReportedWorker, told: Told): boolean {
  const toldMs = told.get(worker.id);
  return isDraining(worker) && worker.busySlots === 0 && toldMs !== undefined && worker.heardAtMs > toldMs;
}

function isIdle({ isAnswering, busySlots }: ReportedWorker): boolean {
  return isAnswering && busySlots === 0;
}

function ids(workers: readonly ReportedWorker[]): readonly string[] {
  return workers.map(({ id }) => id).toSorted();
}
