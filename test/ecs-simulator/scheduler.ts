/**
 * ECS's service scheduler: one look at a service, and what it starts and stops.
 *
 * Rolling updates: developer guide, "Deploy Amazon ECS services by replacing tasks". Choice of what to stop: "Update Amazon
 * ECS service parameters". Protection: "Protect your Amazon ECS tasks from being terminated by scale-in events".
 */
import { isLive, isProtected, isRunning, type Deployment, type Service, type Task } from './model.ts';
import { tasksIn, tasksOn } from './placement.ts';
import { tell } from './service-events.ts';

/** What a pass may do. */
export interface SchedulerActions {
  nowMs(): number;
  random(): number;
  /** Starts a task, or says why there is no room. */
  start(service: Service, deployment: Deployment): Task | { readonly failure: string };
  stop(task: Task, reason: string): void;
}

const SIX_HOURS_MS = 21_600_000;

export function schedule(service: Service, actions: SchedulerActions): void {
  const primary = service.deployments[0];
  if (primary === undefined) return;
  const started = startMissing(service, primary, actions);
  const stopped = [...stopOld(service, primary, actions), ...stopSurplus(service, primary, actions)];
  const nowMs = actions.nowMs();
  if (started.length > 0)
    tell(
      service,
      nowMs,
      `has started ${started.length} tasks: ${started.map(({ id }) => `(task ${id})`).join(' ')}.`,
    );
  if (stopped.length > 0)
    tell(
      service,
      nowMs,
      `has stopped ${stopped.length} running tasks: ${stopped.map(({ id }) => `(task ${id})`).join(' ')}.`,
    );
  endDeployments(service, primary, nowMs);
}

function startMissing(service: Service, primary: Deployment, actions: SchedulerActions): Task[] {
  const live = [...service.tasks].filter(isLive);
  const own = live.filter(({ deployment }) => deployment === primary).length;
  const upper = Math.floor((service.desiredCount * service.maximumPercent) / 100);
  const isRolling = service.deployments.length > 1;
  const room = isRolling ? upper - live.length : Infinity;
  const missing = Math.min(service.desiredCount - own, room);
  const started: Task[] = [];
  for (let count = 0; count < missing; count += 1) {
    const result = actions.start(service, primary);
    if ('failure' in result) {
      tellShortage(service, result.failure, actions.nowMs());
      return started;
    }
    started.push(result);
  }
  service.toldShortage = undefined;
  return started;
}

/** A cause is told once until it is over or six hours have passed ("Service event messages"). */
function tellShortage(service: Service, failure: string, nowMs: number): void {
  const told = service.toldShortage;
  if (told !== undefined && told.message === failure && nowMs - told.atMs < SIX_HOURS_MS) return;
  service.toldShortage = { message: failure, atMs: nowMs };
  tell(service, nowMs, `was unable to place a task${failure}`);
}

/** Tasks of earlier deployments go as far as the minimum of healthy tasks allows; protected ones stay. */
function stopOld(service: Service, primary: Deployment, actions: SchedulerActions): Task[] {
  if (service.deployments.length === 1) return [];
  const lower = Math.ceil((service.desiredCount * service.minimumHealthyPercent) / 100);
  const stopped: Task[] = [];
  const old = [...service.tasks].filter((task) => isLive(task) && task.deployment !== primary);
  const free = old.filter((task) => !isProtected(task, actions.nowMs()));
  for (const task of free) {
    const healthy = [...service.tasks].filter(isRunning).length;
    if (isRunning(task) && healthy - 1 < lower) continue;
    actions.stop(task, `Scaling activity initiated by (deployment ${primary.id})`);
    stopped.push(task);
  }
  return stopped;
}

function stopSurplus(service: Service, primary: Deployment, actions: SchedulerActions): Task[] {
  const stopped: Task[] = [];
  for (;;) {
    const own = [...service.tasks].filter((task) => isLive(task) && task.deployment === primary);
    // Tasks that starting ones replace are `stopOld`'s; what is above the count in the newest deployment goes here.
    const surplus = own.length - service.desiredCount;
    const candidates = own.filter((task) => !isProtected(task, actions.nowMs()));
    const task = surplus > 0 ? stopChoice(service, candidates, actions.random) : undefined;
    if (task === undefined) return stopped;
    actions.stop(task, `Scaling activity initiated by (deployment ${primary.id})`);
    stopped.push(task);
  }
}

/** Where the service has most tasks: the zone first, then the instance. Whether a task is busy plays no part. */
function stopChoice(service: Service, candidates: readonly Task[], random: () => number): Task | undefined {
  const weighed = candidates.map((task) => ({
    task,
    inZone: tasksIn(service, task.zone),
    onInstance: tasksOn(service, task.instance),
    chance: random(),
  }));
  return weighed.toSorted(
    (left, right) =>
      right.inZone - left.inZone || right.onInstance - left.onInstance || left.chance - right.chance,
  )[0]?.task;
}

function endDeployments(service: Service, primary: Deployment, nowMs: number): void {
  service.deployments = service.deployments.filter(
    (deployment) =>
      deployment === primary ||
      [...service.tasks].some((task) => isLive(task) && task.deployment === deployment),
  );
  const tasks = [...service.tasks].filter(isLive);
  const isSteady =
    service.deployments.length === 1 &&
    tasks.length === service.desiredCount &&
    tasks.every((task) => isRunning(task) && task.deployment === primary);
  if (isSteady && !service.isSteady) {
    if (primary.rolloutState === 'IN_PROGRESS') {
      primary.rolloutState = 'COMPLETED';
      primary.updatedAtMs = nowMs;
      tell(service, nowMs, `(deployment ${primary.id}) deployment completed.`);
    }
    tell(service, nowMs, 'has reached a steady state.');
  }
  service.isSteady = isSteady;
}
