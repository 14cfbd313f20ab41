/** Answers in the shapes of the API: times are seconds of the epoch, as JSON 1.1 has them. */
import { isLive, isRunning, type Deployment, type Service, type Task } from './model.ts';
import type { World } from './world.ts';

export function epoch(ms: number): number {
  return ms / 1_000;
}

export function describeService(service: Service, { cluster }: World): object {
  const tasks = [...service.tasks];
  return {
    serviceName: service.name,
    serviceArn: service.arn,
    clusterArn: cluster.arn,
    status: service.status,
    launchType: service.launchType,
    schedulingStrategy: service.schedulingStrategy,
    desiredCount: service.desiredCount,
    runningCount: tasks.filter(isRunning).length,
    pendingCount: tasks.filter(isStarting).length,
    taskDefinition: service.deployments[0]?.taskDefinition.arn,
    deploymentConfiguration: {
      minimumHealthyPercent: service.minimumHealthyPercent,
      maximumPercent: service.maximumPercent,
    },
    deployments: service.deployments.map((deployment) => describeDeployment(deployment, service)),
    events: service.events.map(({ id, createdAtMs, message }) => ({
      id,
      createdAt: epoch(createdAtMs),
      message,
    })),
    createdAt: epoch(service.createdAtMs),
  };
}

function describeDeployment(deployment: Deployment, service: Service): object {
  const own = [...service.tasks].filter((task) => task.deployment === deployment);
  const { id, status, taskDefinition, rolloutState, createdAtMs, updatedAtMs } = deployment;
  return {
    id,
    status,
    taskDefinition: taskDefinition.arn,
    desiredCount: status === 'PRIMARY' ? service.desiredCount : 0,
    runningCount: own.filter(isRunning).length,
    pendingCount: own.filter(isStarting).length,
    failedTasks: 0,
    launchType: service.launchType,
    rolloutState,
    createdAt: epoch(createdAtMs),
    updatedAt: epoch(updatedAtMs),
  };
}

function isStarting(task: Task): boolean {
  return isLive(task) && !isRunning(task);
}

export function describeTask(task: Task, { cluster }: World): object {
  const { arn, lastStatus, desiredStatus, service, deployment, zone, instance } = task;
  return {
    taskArn: arn,
    clusterArn: cluster.arn,
    taskDefinitionArn: deployment.taskDefinition.arn,
    group: `service:${service.name}`,
    startedBy: deployment.id,
    launchType: service.launchType,
    availabilityZone: zone,
    lastStatus,
    desiredStatus,
    createdAt: epoch(task.createdAtMs),
    ...(instance === undefined
      ? {}
      : {
          containerInstanceArn: `${cluster.arn.replace(':cluster/', ':container-instance/')}/${instance.id}`,
        }),
    ...(task.startedAtMs === undefined ? {} : { startedAt: epoch(task.startedAtMs) }),
    ...(task.stoppedAtMs === undefined ? {} : { stoppedAt: epoch(task.stoppedAtMs) }),
    ...(task.stoppedReason === undefined ? {} : { stoppedReason: task.stoppedReason }),
  };
}
