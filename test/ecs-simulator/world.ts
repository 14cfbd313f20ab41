/**
 * A cluster that lives: tasks go through their states in time, the scheduler looks at services that changed, instances come
 * and go. No network here.
 *
 * States: developer guide, "Amazon ECS task lifecycle".
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '@longshore/job';
import {
  ACCOUNT,
  isLive,
  REGION,
  ZONES,
  type Cluster,
  type ContainerInstance,
  type Deployment,
  type Service,
  type Task,
  type TaskBody,
  type TaskDefinition,
} from './model.ts';
import { placeTask, type FargateCapacity } from './placement.ts';
import { schedule } from './scheduler.ts';
import { timeline, type Timeline } from './timeline.ts';

/** A task as its body sees it. */
export interface TaskHandle {
  readonly task: Task;
  /** The main process of the task ended. */
  exit(code?: number): void;
}

export interface WorldOptions {
  readonly clock: Clock;
  /** From 0 to 1, for start-up times, for choices among equals. Default `Math.random`. */
  readonly random?: () => number;
  /** From the start of a task to RUNNING, each time anew. Default 30 to 45 s. */
  readonly startupMs?: () => number;
  /** From a change to the scheduler's look at the service. Default 1 s. */
  readonly schedulerDelayMs?: number;
  /** What runs in a task; called when it becomes RUNNING. Default: something that exits at SIGTERM. */
  readonly body?: (handle: TaskHandle) => TaskBody;
  /** Called when a task's process gets SIGTERM from ECS, before the body is told. */
  readonly onStop?: (task: Task) => void;
  /** Name of the cluster. Default `fleet`. */
  readonly clusterName?: string;
  /** With one, tasks without room wait in PROVISIONING, as with a capacity provider that may add instances. */
  readonly hasCapacityProvider?: boolean;
}

export interface World {
  readonly cluster: Cluster;
  readonly fargate: FargateCapacity;
  readonly definitions: Map<string, TaskDefinition>;
  readonly time: Timeline;
  register(family: string, cpuUnits: number, memoryMiB: number, stopTimeoutMs?: number): TaskDefinition;
  /** Has the scheduler look at the service soon. */
  changed(service: Service): void;
  deploy(service: Service, definition: TaskDefinition): Deployment;
  stopTask(task: Task, reason: string): void;
  /** The task's process dies at once. */
  crash(task: Task): void;
  addInstance(instance: { zone: string; cpuUnits: number; memoryMiB: number }): ContainerInstance;
  /** The machine is gone, with everything that ran on it. */
  removeInstance(instance: ContainerInstance): void;
  close(): void;
}

/** "Amazon ECS cluster auto scaling": so many tasks may wait in PROVISIONING for a capacity provider's instances. */
const MAX_PROVISIONING = 100;
const PROVISIONING_LIMIT_MS = 900_000;
/** The scheduler looks again at a service that is not steady. */
const RETRY_MS = 15_000;
/** Stopped tasks can be described for about an hour (API reference, `StopTask`, `DescribeTasks`). */
const STOPPED_KEPT_MS = 3_600_000;
const SHORT_STEP_MS = 1_000;

interface Parts {
  readonly options: WorldOptions;
  readonly cluster: Cluster;
  readonly fargate: FargateCapacity;
  readonly time: Timeline;
  readonly random: () => number;
}

export function ecsWorld(options: WorldOptions): World {
  const name = options.clusterName ?? 'fleet';
  const cluster: Cluster = {
    name,
    arn: `arn:aws:ecs:${REGION}:${ACCOUNT}:cluster/${name}`,
    services: new Map(),
    instances: [],
  };
  const fargate: FargateCapacity = { vcpus: Infinity, isAvailable: true };
  const time = timeline(options.clock);
  const parts: Parts = { options, cluster, fargate, time, random: options.random ?? Math.random };
  const definitions = new Map<string, TaskDefinition>();
  return {
    cluster,
    fargate,
    definitions,
    time,
    register(family, cpuUnits, memoryMiB, stopTimeoutMs = 30_000) {
      const revision = [...definitions.values()].filter((each) => each.family === family).length + 1;
      const arn = `arn:aws:ecs:${REGION}:${ACCOUNT}:task-definition/${family}:${revision}`;
      const definition = { arn, family, revision, cpuUnits, memoryMiB, stopTimeoutMs };
      definitions.set(arn, definition);
      return definition;
    },
    changed: (service) => changed(parts, service),
    deploy: (service, definition) => deploy(parts, service, definition),
    stopTask: (task, reason) => stop(parts, task, reason),
    crash(task) {
      task.body?.kill?.();
      stopped(parts, task, 'Essential container in task exited (exit code 137)');
    },
    addInstance(instance) {
      const added = { ...instance, id: randomBytes(16).toString('hex'), tasks: new Set<Task>() };
      cluster.instances.push(added);
      for (const service of cluster.services.values()) changed(parts, service);
      return added;
    },
    removeInstance(instance) {
      cluster.instances.splice(cluster.instances.indexOf(instance), 1);
      for (const task of instance.tasks) {
        task.body?.kill?.();
        stopped(parts, task, 'Host EC2 (instance) terminated.');
      }
    },
    close() {
      time.close();
      for (const service of cluster.services.values()) for (const task of service.tasks) task.body?.kill?.();
    },
  };
}

function changed(
  parts: Parts,
  service: Service,
  delayMs = parts.options.schedulerDelayMs ?? SHORT_STEP_MS,
): void {
  const atMs = parts.time.nowMs() + delayMs;
  if (service.passAtMs <= atMs) return;
  service.passAtMs = atMs;
  parts.time.at(delayMs, () => {
    // An earlier look was planned since.
    if (service.passAtMs !== atMs) return;
    service.passAtMs = Infinity;
    if (service.status !== 'ACTIVE') return;
    schedule(service, {
      nowMs: parts.time.nowMs,
      random: parts.random,
      start: (_, deployment) => start(parts, service, deployment),
      stop: (task, reason) => stop(parts, task, reason),
    });
    // Room, and the end of a protection, come without a word.
    if (!service.isSteady) changed(parts, service, RETRY_MS);
  });
}

function deploy(parts: Parts, service: Service, taskDefinition: TaskDefinition): Deployment {
  const nowMs = parts.time.nowMs();
  const deployment: Deployment = {
    id: `ecs-svc/${BigInt(`0x${randomBytes(8).toString('hex')}`)
      .toString()
      .padStart(19, '0')
      .slice(0, 19)}`,
    status: 'PRIMARY',
    taskDefinition,
    rolloutState: 'IN_PROGRESS',
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
  for (const older of service.deployments) older.status = 'ACTIVE';
  service.deployments.unshift(deployment);
  service.isSteady = false;
  changed(parts, service);
  return deployment;
}

function start(parts: Parts, service: Service, deployment: Deployment): Task | { readonly failure: string } {
  const { cluster, fargate, options } = parts;
  const place = placeTask(cluster, service, deployment.taskDefinition, fargate);
  const waits = 'failure' in place && service.launchType === 'EC2' && options.hasCapacityProvider === true;
  if ('failure' in place && !(waits && provisioning(cluster) < MAX_PROVISIONING)) return place;
  const id = randomBytes(16).toString('hex');
  const task: Task = {
    id,
    arn: `arn:aws:ecs:${REGION}:${ACCOUNT}:task/${cluster.name}/${id}`,
    service,
    deployment,
    createdAtMs: parts.time.nowMs(),
    zone: 'failure' in place ? (ZONES[0] ?? '') : place.zone,
    instance: 'failure' in place ? undefined : place.instance,
    lastStatus: 'PROVISIONING',
    desiredStatus: 'RUNNING',
    startedAtMs: undefined,
    stoppedAtMs: undefined,
    stoppedReason: undefined,
    protectedUntilMs: undefined,
    body: undefined,
  };
  service.tasks.add(task);
  if ('failure' in place) provision(parts, task);
  else comeUp(parts, task);
  return task;
}

function provisioning({ services }: Cluster): number {
  return [...services.values()]
    .flatMap(({ tasks }) => [...tasks])
    .filter((task) => isLive(task) && task.lastStatus === 'PROVISIONING').length;
}

/** Waits for an instance with room, for as long as ECS waits. */
function provision(parts: Parts, task: Task): void {
  const { cluster, fargate, time } = parts;
  if (!isLive(task)) return;
  if (time.nowMs() - task.createdAtMs > PROVISIONING_LIMIT_MS) {
    stop(parts, task, 'Timeout waiting for network interface provisioning to complete.');
    return;
  }
  const place = placeTask(cluster, task.service, task.deployment.taskDefinition, fargate);
  if ('failure' in place) {
    time.at(RETRY_MS, () => provision(parts, task));
    return;
  }
  task.zone = place.zone;
  task.instance = place.instance;
  comeUp(parts, task);
}

function comeUp(parts: Parts, task: Task): void {
  const { time, options, random } = parts;
  task.instance?.tasks.add(task);
  const startupMs = options.startupMs?.() ?? 30_000 + random() * 15_000;
  const into = (status: Task['lastStatus'], share: number): void =>
    time.at(startupMs * share, () => {
      if (!isLive(task)) return;
      task.lastStatus = status;
      if (status === 'RUNNING') cameUp(parts, task);
    });
  into('PENDING', 0.3);
  into('ACTIVATING', 0.9);
  into('RUNNING', 1);
}

function cameUp(parts: Parts, task: Task): void {
  task.startedAtMs = parts.time.nowMs();
  const exit = (code = 0): void => {
    parts.time.catchUp();
    if (task.lastStatus === 'STOPPED') return;
    stopped(parts, task, `Essential container in task exited (exit code ${code})`);
  };
  task.body = parts.options.body?.({ task, exit });
  changed(parts, task.service);
}

/** SIGTERM, the time that the container has, SIGKILL. */
function stop(parts: Parts, task: Task, reason: string): void {
  if (!isLive(task)) return;
  const { time } = parts;
  const wasRunning = task.lastStatus === 'RUNNING';
  task.desiredStatus = 'STOPPED';
  task.stoppedReason = reason;
  task.lastStatus = wasRunning ? 'DEACTIVATING' : 'STOPPING';
  changed(parts, task.service);
  if (!wasRunning) {
    time.at(SHORT_STEP_MS, () => stopped(parts, task, reason));
    return;
  }
  time.at(SHORT_STEP_MS, () => {
    if (task.lastStatus !== 'DEACTIVATING') return;
    task.lastStatus = 'STOPPING';
    parts.options.onStop?.(task);
    if (task.body?.stop === undefined) {
      stopped(parts, task, reason);
      return;
    }
    task.body.stop();
    time.at(task.deployment.taskDefinition.stopTimeoutMs, () => {
      if (task.lastStatus !== 'STOPPING') return;
      task.body?.kill?.();
      stopped(parts, task, reason);
    });
  });
}

function stopped(parts: Parts, task: Task, reason: string): void {
  if (task.lastStatus === 'DEPROVISIONING' || task.lastStatus === 'STOPPED') return;
  const { time } = parts;
  task.desiredStatus = 'STOPPED';
  task.stoppedReason ??= reason;
  task.lastStatus = 'DEPROVISIONING';
  task.protectedUntilMs = undefined;
  task.instance?.tasks.delete(task);
  changed(parts, task.service);
  time.at(SHORT_STEP_MS, () => {
    task.lastStatus = 'STOPPED';
    task.stoppedAtMs = time.nowMs();
    time.at(STOPPED_KEPT_MS, () => task.service.tasks.delete(task));
  });
}
