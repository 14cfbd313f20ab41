/**
 * How a service gets to a count, pure: which workers shall drain, and which count ECS can be asked for now.
 *
 * ECS chooses itself which task it stops, by availability zone and not by idleness. So workers are drained first, and the
 * count follows those that have nothing left. Invariants: the count never falls below the tasks that are busy or unknown,
 * nor during a deployment; a plan that is asked for again after a crash comes out the same or further on.
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
  /** Draining tasks without one that ECS still counts and has not been told to stop. */
  readonly drainingIdle: number;
}

/** What to do next. */
export interface ScalePlan {
  /** The absolute count for ECS now; the present one where nothing is to be asked. */
  readonly count: number;
  /** All workers of the service that shall drain. */
  readonly draining: readonly string[];
}

/** What a plan is made from. */
export interface PlanInputs {
  readonly state: EcsServiceState;
  readonly workers: readonly ReportedWorker[];
  /** Workers that were told to drain already, perhaps without their having noticed. */
  readonly told: ReadonlySet<string>;
  /** Whether workers can be told to drain. */
  readonly canDrain: boolean;
}

/**
 * Sets reports against ECS's counts. Reports of tasks that are gone linger for a while, and tasks that start have none
 * yet: what cannot be told apart is counted as working and busy.
 */
export function census(
  { desired, running, pending }: EcsServiceState,
  workers: readonly ReportedWorker[],
): Census {
  const isDraining = (worker: ReportedWorker): boolean => worker.state === 'draining';
  const isIdle = (worker: ReportedWorker): boolean => worker.isAnswering && worker.busySlots === 0;
  const takers = workers.filter((worker) => !isDraining(worker));
  const leavers = workers.filter(isDraining);
  const idleLeavers = leavers.filter(isIdle).length;
  const takersThere = takers.filter(({ isAnswering }) => isAnswering).length;
  const room = Math.max(0, running - takersThere);
  const drainingBusy = Math.min(leavers.length - idleLeavers, room);
  const idleThere = Math.min(idleLeavers, room - drainingBusy);
  // ECS has been asked for fewer already and will stop so many by itself.
  const ordered = Math.max(0, running + pending - desired);
  const working = running - drainingBusy - idleThere;
  const busyTakers = takers.filter((worker) => worker.isAnswering && worker.busySlots > 0).length;
  const idleTakers = takersThere - busyTakers;
  return {
    working,
    busy: Math.min(working, Math.max(busyTakers, working - idleTakers)),
    drainingBusy,
    drainingIdle: Math.max(0, idleThere - ordered),
  };
}

/** The next step towards `desired` tasks that take work. */
export function scalePlan(wanted: number, inputs: PlanInputs): ScalePlan {
  const { state, workers, canDrain } = inputs;
  const counted = census(state, workers);
  if (wanted >= state.desired) return { count: wanted, draining: [] };
  const draining = canDrain ? leavers(state.desired - wanted, counted, inputs) : [];
  if (state.isDeploying) return { count: state.desired, draining };
  const floor = Math.max(wanted, counted.busy + counted.drainingBusy);
  if (!canDrain) return { count: Math.min(state.desired, floor), draining };
  // Tasks that do not run yet have no job to lose.
  const missing = Math.max(0, state.desired - state.running);
  const released = state.desired - counted.drainingIdle - missing;
  return { count: Math.min(state.desired, Math.max(floor, released)), draining };
}

/** Who shall drain so that `surplus` of the tasks that ECS keeps can go. */
function leavers(surplus: number, counted: Census, inputs: PlanInputs): readonly string[] {
  const { state, workers, told } = inputs;
  const idle = workers.filter((worker) => worker.state === 'draining' && worker.busySlots === 0);
  // More are wanted back than are free of the order to stop. A task that is being stopped does not mind being told.
  if (counted.drainingIdle > surplus)
    return idle.length > counted.drainingIdle ? [] : ids(idle.slice(0, surplus));
  const missing = Math.max(0, state.desired - state.running);
  const needed = Math.max(0, surplus - counted.drainingIdle - missing);
  const others = workers
    .filter((worker) => !idle.includes(worker))
    // A deployment stops the old tasks itself; only those that were leaving already go on leaving.
    .filter((worker) => !state.isDeploying || worker.state === 'draining' || told.has(worker.id))
    .toSorted((left, right) => cost(left, told) - cost(right, told) || right.startedAtMs - left.startedAtMs);
  return ids([...idle, ...others.slice(0, needed)]);
}

/** Who is leaving goes on leaving, so that a plan does not wander; then idle before busy, and silent ones last. */
function cost({ id, state, busySlots, isAnswering }: ReportedWorker, told: ReadonlySet<string>): number {
  const isLeaving = state === 'draining' || told.has(id);
  if (!isAnswering) return Number.MAX_SAFE_INTEGER;
  return isLeaving ? busySlots - 1_000_000 : busySlots;
}

function ids(workers: readonly ReportedWorker[]): readonly string[] {
  return workers.map(({ id }) => id).toSorted();
}
