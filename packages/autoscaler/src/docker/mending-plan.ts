/** What has to be done so that a service has the tasks that it is asked for. Pure. */
import { isKept } from './compose.ts';
import { leaving } from '../leaving.ts';
import type { DockerTask } from './tasks.ts';

/** What the plan is made from. */
export interface MendingInputs {
  readonly tasks: readonly DockerTask[];
  readonly desired: number;
  /** How many may be started now. */
  readonly starts: number;
  /** Whether containers are declared; otherwise the last container stays, since new ones are copies of it. */
  readonly isDeclared: boolean;
  readonly nowMs: number;
}

/** What to do. */
export interface MendingPlan {
  /** Told to leave. */
  readonly drain: readonly DockerTask[];
  /** Were told and did not hear it: the first process of a container is deaf to SIGTERM until it listens for it. */
  readonly remind: readonly DockerTask[];
  /** Were told, and have outstayed their time. */
  readonly kill: readonly DockerTask[];
  /** Have ended, and are not needed any more. */
  readonly remove: readonly DockerTask[];
  /** Has ended as the last of its service, and stays to be copied. */
  readonly keep: DockerTask | undefined;
  /** Have ended unasked, or were never started. */
  readonly start: readonly DockerTask[];
  /** How many to create. */
  readonly create: number;
}

/** The next steps. Doing them and planning again comes to an end. */
export function mendingPlan({ tasks, desired, starts, isDeclared, nowMs }: MendingInputs): MendingPlan {
  const staying = tasks.flatMap((task) => {
    const { state } = task;
    return state === 'starting' || state === 'running' ? [{ ...task, state, task }] : [];
  });
  const missing = Math.max(0, desired - staying.length);
  const now = Math.min(missing, starts);
  const dead = tasks.filter(({ state }) => state === 'dead' || state === 'blank');
  const start = dead.slice(0, now);
  const surplus = dead.slice(missing).filter(({ state }) => state === 'dead');
  const ended = [...tasks.filter(({ state }) => state === 'left'), ...surplus];
  const kept = isDeclared || ended.length < tasks.length ? undefined : newest(ended);
  const told = tasks.filter(({ state, container }) => {
    return state === 'draining' && container.leavesByMs !== undefined;
  });
  const isOverdue = ({ container: { leavesByMs = Infinity } }: DockerTask): boolean => leavesByMs <= nowMs;
  return {
    drain: leaving(staying, staying.length - desired).map(({ task }) => task),
    remind: told.filter((task) => task.isDeaf && !isOverdue(task)),
    kill: told.filter(isOverdue),
    remove: ended.filter((task) => task !== kept),
    keep: kept === undefined || isKept(kept.container.name) ? undefined : kept,
    start,
    create: now - start.length,
  };
}

function newest(tasks: readonly DockerTask[]): DockerTask | undefined {
  return tasks.toSorted((left, right) => right.startedAtMs - left.startedAtMs)[0];
}
