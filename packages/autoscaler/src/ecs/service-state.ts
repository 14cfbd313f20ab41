/** What `DescribeServices` says about a service, parsed: the counts that matter here, deployments, and lack of room. */
import type { Deployment, Service } from '@aws-sdk/client-ecs';
import { LongshoreError } from '@longshore/job';
import { placementShortage } from './placement-shortage.ts';

/** A service in ECS at one moment. */
export interface EcsServiceState {
  readonly desired: number;
  /** Running tasks of all deployments: old and new ones take work alike. */
  readonly running: number;
  /** Tasks of the newest deployment that are starting. */
  readonly pending: number;
  readonly isDeploying: boolean;
  readonly shortage?: string;
  readonly atMs: number;
}

/** Creation times of a service and its first deployment differ by less than this. */
const SAME_MOMENT_MS = 2_000;

/**
 * @param name What the caller asked for, for messages.
 * @throws LongshoreError `service_missing` when the service is not active, `unsupported` when it has no count.
 */
export function ecsServiceState(
  name: string,
  cluster: string,
  service: Service,
  atMs: number,
): EcsServiceState {
  const { status, schedulingStrategy, deployments = [], events = [] } = service;
  if (status !== undefined && status !== 'ACTIVE') {
    throw new LongshoreError(
      'service_missing',
      `ECS service "${name}" of cluster "${cluster}" is ${status}: create it again, or take it out of the fleet`,
      { details: { service: name, cluster, status } },
    );
  }
  if (schedulingStrategy === 'DAEMON') {
    throw new LongshoreError(
      'unsupported',
      `ECS service "${name}" runs one task per container instance (DAEMON) and has no count: create it with REPLICA`,
      { details: { service: name, cluster } },
    );
  }
  const desired = countOf(name, 'desiredCount', service.desiredCount);
  const running = countOf(name, 'runningCount', service.runningCount);
  const primary = deployments.find((deployment) => deployment.status === 'PRIMARY');
  const pending = countOf(name, 'pendingCount', primary?.pendingCount ?? service.pendingCount);
  const shortage = running < desired ? placementShortage(events) : undefined;
  return {
    desired,
    running,
    pending,
    isDeploying: deployments.length > 1 || isReplacing(primary, service),
    ...(shortage === undefined ? {} : { shortage }),
    atMs,
  };
}

/** A service's first deployment replaces nothing, and stays in progress for as long as its tasks find no room. */
function isReplacing(primary: Deployment | undefined, { createdAt }: Service): boolean {
  if (primary?.rolloutState !== 'IN_PROGRESS') return false;
  if (createdAt === undefined || primary.createdAt === undefined) return true;
  return primary.createdAt.getTime() - createdAt.getTime() > SAME_MOMENT_MS;
}

function countOf(name: string, field: string, value: number | undefined): number {
  if (value !== undefined && Number.isSafeInteger(value) && value >= 0) return value;
  throw new LongshoreError(
    'target_unavailable',
    `ECS answered no ${field} for service "${name}": ${String(value)}; check the endpoint of the client`,
    { retryable: true, details: { service: name, field } },
  );
}
