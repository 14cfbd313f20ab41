/** The actions of the API, as far as the stand-in knows them, on parsed input (API reference, each under its own name). */
import { ApiError, invalid } from './api-error.ts';
import {
  ACCOUNT,
  isLive,
  isProtected,
  REGION,
  type Service,
  type Task,
  type TaskDefinition,
} from './model.ts';
import { DEFAULT_PROTECTION_MINUTES, MAX_PROTECTION_MINUTES, protect } from './protection.ts';
import { describeService, describeTask, epoch } from './shapes.ts';
import type { World } from './world.ts';

export type Input = Readonly<Record<string, unknown>>;
export type Action = (world: World, input: Input) => object;

/** `DescribeServices`: "You may specify up to 10 services to describe in a single operation". */
const MAX_SERVICES = 10;
const MAX_TASKS = 100;
const MAX_PROTECTED = 10;
/** Deployments of a service that are not complete; AWS documents neither the limit nor the exception's type. */
const MAX_DEPLOYMENTS = 5;

export const ACTIONS: Readonly<Record<string, Action>> = {
  CreateCluster: ({ cluster }) => ({
    cluster: { clusterName: cluster.name, clusterArn: cluster.arn, status: 'ACTIVE' },
  }),
  RegisterTaskDefinition: registerTaskDefinition,
  CreateService: createService,
  DescribeServices: describeServices,
  UpdateService: updateService,
  DeleteService: deleteService,
  ListTasks: listTasks,
  DescribeTasks: describeTasks,
  StopTask: stopTask,
  UpdateTaskProtection: updateTaskProtection,
  GetTaskProtection: getTaskProtection,
};

function registerTaskDefinition(world: World, input: Input): object {
  const { family, cpu = '256', memory = '512', containerDefinitions = [] } = input;
  if (typeof family !== 'string' || family === '')
    throw new ApiError('ClientException', 'Family should not be null.');
  const [container] = containerDefinitions as readonly { stopTimeout?: number }[];
  const stopTimeoutMs = (container?.stopTimeout ?? 30) * 1_000;
  const { arn, revision } = world.register(family, Number(cpu), Number(memory), stopTimeoutMs);
  return {
    taskDefinition: {
      taskDefinitionArn: arn,
      family,
      revision,
      status: 'ACTIVE',
      cpu,
      memory,
      containerDefinitions,
    },
  };
}

function createService(world: World, input: Input): object {
  checkCluster(world, input);
  const { serviceName: name, desiredCount = 0, launchType = 'EC2', schedulingStrategy = 'REPLICA' } = input;
  if (typeof name !== 'string' || !/^[\w-]{1,255}$/.test(name)) throw invalid('Invalid service name');
  const configuration = (input['deploymentConfiguration'] ?? {}) as Input;
  if (world.cluster.services.get(name)?.status === 'ACTIVE')
    throw invalid('Creation of service was not idempotent.');
  const service: Service = {
    name,
    arn: `arn:aws:ecs:${REGION}:${ACCOUNT}:service/${world.cluster.name}/${name}`,
    clusterName: world.cluster.name,
    launchType: launchType === 'FARGATE' ? 'FARGATE' : 'EC2',
    schedulingStrategy: schedulingStrategy === 'DAEMON' ? 'DAEMON' : 'REPLICA',
    createdAtMs: world.time.nowMs(),
    minimumHealthyPercent: Number(configuration['minimumHealthyPercent'] ?? 100),
    maximumPercent: Number(configuration['maximumPercent'] ?? 200),
    status: 'ACTIVE',
    desiredCount: count(desiredCount),
    deployments: [],
    events: [],
    tasks: new Set(),
    toldShortage: undefined,
    isSteady: false,
    passAtMs: Infinity,
  };
  world.cluster.services.set(name, service);
  world.deploy(service, definitionOf(world, input['taskDefinition']));
  return { service: describeService(service, world) };
}

function describeServices(world: World, input: Input): object {
  checkCluster(world, input);
  const names = strings(input['services']);
  if (names.length === 0) throw invalid('Services cannot be empty.');
  if (names.length > MAX_SERVICES) throw invalid(`Services cannot have more than ${MAX_SERVICES} elements.`);
  for (const name of names)
    if (!/^[\w:/-]{1,1000}$/.test(name)) throw invalid('Invalid service name or ARN.');
  const found = names.map((name) => ({ name, service: serviceNamed(world, name) }));
  return {
    services: found.flatMap(({ service }) =>
      service === undefined ? [] : [describeService(service, world)],
    ),
    failures: found
      .filter(({ service }) => service === undefined)
      .map(({ name }) => ({
        arn: name.startsWith('arn:')
          ? name
          : `arn:aws:ecs:${REGION}:${ACCOUNT}:service/${world.cluster.name}/${name}`,
        reason: 'MISSING',
      })),
  };
}

function updateService(world: World, input: Input): object {
  checkCluster(world, input);
  const service = serviceNamed(world, textOf(input['service']));
  if (service === undefined) throw new ApiError('ServiceNotFoundException', 'Service not found.');
  if (service.status !== 'ACTIVE') throw new ApiError('ServiceNotActiveException', 'Service was not ACTIVE.');
  const { desiredCount, taskDefinition, forceNewDeployment } = input;
  const current = service.deployments[0]?.taskDefinition;
  const next = taskDefinition === undefined ? current : definitionOf(world, taskDefinition);
  const isNew = forceNewDeployment === true || next?.arn !== current?.arn;
  if (isNew && service.deployments.length >= MAX_DEPLOYMENTS)
    throw invalid(`${MAX_DEPLOYMENTS} active deployments exist, unable to create new deployment.`);
  if (desiredCount !== undefined) service.desiredCount = count(desiredCount);
  if (isNew && next !== undefined) world.deploy(service, next);
  world.changed(service);
  return { service: describeService(service, world) };
}

function deleteService(world: World, input: Input): object {
  const service = serviceNamed(world, textOf(input['service']));
  if (service === undefined) throw new ApiError('ServiceNotFoundException', 'Service not found.');
  if (service.desiredCount > 0 && input['force'] !== true)
    throw invalid('The service cannot be stopped while it is scaled above 0.');
  service.desiredCount = 0;
  for (const task of service.tasks) world.stopTask(task, 'Service deleted');
  service.status = 'INACTIVE';
  return { service: describeService(service, world) };
}

function listTasks(world: World, input: Input): object {
  checkCluster(world, input);
  const { serviceName, desiredStatus = 'RUNNING', nextToken, maxResults = MAX_TASKS } = input;
  const service = serviceName === undefined ? undefined : serviceNamed(world, textOf(serviceName));
  if (serviceName !== undefined && service === undefined)
    throw new ApiError('ServiceNotFoundException', 'Service not found.');
  const tasks = tasksOf(world).filter(
    (task) => task.desiredStatus === desiredStatus && (service === undefined || task.service === service),
  );
  const first = Number(nextToken ?? 0);
  const end = first + Math.min(MAX_TASKS, Number(maxResults));
  return {
    taskArns: tasks.slice(first, end).map(({ arn }) => arn),
    ...(end < tasks.length ? { nextToken: String(end) } : {}),
  };
}

function describeTasks(world: World, input: Input): object {
  checkCluster(world, input);
  const { tasks, failures } = tasksNamed(world, input, MAX_TASKS);
  return { tasks: tasks.map((task) => describeTask(task, world)), failures };
}

function stopTask(world: World, input: Input): object {
  checkCluster(world, input);
  const { tasks } = tasksNamed(world, { tasks: [input['task']] }, 1);
  const [task] = tasks;
  if (task === undefined) throw invalid('The referenced task was not found.');
  world.stopTask(task, textOf(input['reason'] ?? 'Task stopped by user'));
  return { task: describeTask(task, world) };
}

function updateTaskProtection(world: World, input: Input): object {
  checkCluster(world, input);
  const { protectionEnabled, expiresInMinutes = DEFAULT_PROTECTION_MINUTES } = input;
  const minutes = Number(expiresInMinutes);
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > MAX_PROTECTION_MINUTES)
    throw invalid(`expiresInMinutes must be between 1 and ${MAX_PROTECTION_MINUTES}`);
  const { tasks, failures } = tasksNamed(world, input, MAX_PROTECTED);
  const nowMs = world.time.nowMs();
  const results = tasks.map((task) => {
    if (protectionEnabled === true) return { task, refusal: protect(task, minutes, nowMs) };
    task.protectedUntilMs = undefined;
    world.changed(task.service);
    return { task, refusal: undefined };
  });
  return {
    protectedTasks: results
      .filter(({ refusal }) => refusal === undefined)
      .map(({ task }) => protectionShape(task, nowMs)),
    failures: [
      ...failures,
      ...results.flatMap(({ task, refusal }) =>
        refusal === undefined ? [] : [{ arn: task.arn, ...refusal }],
      ),
    ],
  };
}

function getTaskProtection(world: World, input: Input): object {
  checkCluster(world, input);
  const { tasks, failures } = tasksNamed(world, input, MAX_TASKS);
  return { protectedTasks: tasks.map((task) => protectionShape(task, world.time.nowMs())), failures };
}

function protectionShape(task: Task, nowMs: number): object {
  const isOn = isProtected(task, nowMs);
  return {
    taskArn: task.arn,
    protectionEnabled: isOn,
    ...(isOn && task.protectedUntilMs !== undefined ? { expirationDate: epoch(task.protectedUntilMs) } : {}),
  };
}

function checkCluster({ cluster }: World, { cluster: name = 'default' }: Input): void {
  if (name !== cluster.name && name !== cluster.arn)
    throw new ApiError('ClusterNotFoundException', 'Cluster not found.');
}

function serviceNamed({ cluster }: World, name: string): Service | undefined {
  return cluster.services.get(name) ?? [...cluster.services.values()].find(({ arn }) => arn === name);
}

function definitionOf({ definitions }: World, name: unknown): TaskDefinition {
  const named = [...definitions.values()].filter(
    ({ arn, family, revision }) => arn === name || family === name || `${family}:${revision}` === name,
  );
  const definition = named.at(-1);
  if (definition === undefined) throw new ApiError('ClientException', 'TaskDefinition not found.');
  return definition;
}

function tasksOf({ cluster }: World): readonly Task[] {
  return [...cluster.services.values()].flatMap(({ tasks }) => [...tasks]);
}

function tasksNamed(
  world: World,
  input: Input,
  max: number,
): { readonly tasks: readonly Task[]; readonly failures: readonly object[] } {
  const names = strings(input['tasks']);
  if (names.length === 0) throw invalid('Tasks cannot be empty.');
  if (names.length > max) throw invalid(`Tasks cannot have more than ${max} elements.`);
  const found = names.map((name) => ({
    name,
    task: tasksOf(world).find(({ arn, id }) => arn === name || id === name),
  }));
  return {
    tasks: found.flatMap(({ task }) => (task === undefined ? [] : [task])),
    failures: found.flatMap(({ name, task }) =>
      task === undefined ? [{ arn: name, reason: 'MISSING' }] : [],
    ),
  };
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function count(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw invalid(`desiredCount must be 0 or more: ${String(value)}`);
}

/** Tasks that count: for tests that look into the world. */
export function liveTasks(world: World): readonly Task[] {
  return tasksOf(world).filter(isLive);
}
