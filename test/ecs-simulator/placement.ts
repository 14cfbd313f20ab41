/**
 * Where a task may run. Instances: developer guide, "Update Amazon ECS service parameters": valid instances in the zone
 * with the fewest tasks of the service, there the one with the fewest. Fargate: room without end, but for what a test
 * takes away. The texts of failures are those of "Amazon ECS service event messages".
 */
import {
  isLive,
  ZONES,
  type Cluster,
  type ContainerInstance,
  type Service,
  type TaskDefinition,
} from './model.ts';

/** What Fargate has to offer; a test changes it at any time. */
export interface FargateCapacity {
  /** The account's quota of vCPUs that run at once. */
  vcpus: number;
  isAvailable: boolean;
}

export type Placement =
  | { readonly zone: string; readonly instance: ContainerInstance | undefined }
  /** The part of the message after `was unable to place a task`. */
  | { readonly failure: string };

const MORE = 'For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.';

export function placeTask(
  cluster: Cluster,
  service: Service,
  definition: TaskDefinition,
  fargate: FargateCapacity,
): Placement {
  return service.launchType === 'FARGATE'
    ? placeOnFargate(cluster, service, definition, fargate)
    : placeOnInstance(cluster, service, definition);
}

function placeOnFargate(
  cluster: Cluster,
  service: Service,
  { cpuUnits }: TaskDefinition,
  { vcpus, isAvailable }: FargateCapacity,
): Placement {
  if (!isAvailable)
    return {
      failure: `. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone. ${MORE}`,
    };
  const used = [...cluster.services.values()]
    .filter(({ launchType }) => launchType === 'FARGATE')
    .flatMap(({ tasks }) => [...tasks])
    .filter(({ lastStatus }) => lastStatus !== 'STOPPED')
    .reduce((sum, { deployment }) => sum + deployment.taskDefinition.cpuUnits / 1_024, 0);
  if (used + cpuUnits / 1_024 > vcpus)
    return {
      failure: `. Reason: You've reached the limit on the number of vCPUs you can run concurrently. ${MORE}`,
    };
  const [zone = ''] = ZONES.toSorted((left, right) => tasksIn(service, left) - tasksIn(service, right));
  return { zone, instance: undefined };
}

function placeOnInstance(
  { instances }: Cluster,
  service: Service,
  { cpuUnits, memoryMiB }: TaskDefinition,
): Placement {
  const rooms = instances.map((instance) => ({ instance, ...roomOf(instance) }));
  const valid = rooms
    .filter((room) => room.cpuUnits >= cpuUnits && room.memoryMiB >= memoryMiB)
    .toSorted(
      (left, right) =>
        tasksIn(service, left.instance.zone) - tasksIn(service, right.instance.zone) ||
        tasksOn(service, left.instance) - tasksOn(service, right.instance),
    );
  const [best] = valid;
  if (best !== undefined) return { zone: best.instance.zone, instance: best.instance };
  const start = ' because no container instance met all of its requirements.';
  const closest = rooms.toSorted((left, right) => right.memoryMiB - left.memoryMiB)[0];
  if (closest === undefined)
    return { failure: `${start} Reason: No Container Instances were found in your cluster. ${MORE}` };
  const lack =
    closest.memoryMiB < memoryMiB ? 'insufficient memory available' : 'insufficient CPU units available';
  return {
    failure: `${start} The closest matching container-instance ${closest.instance.id} has ${lack}. ${MORE}`,
  };
}

function roomOf({ cpuUnits, memoryMiB, tasks }: ContainerInstance): { cpuUnits: number; memoryMiB: number } {
  const taken = [...tasks].map(({ deployment }) => deployment.taskDefinition);
  return {
    cpuUnits: cpuUnits - taken.reduce((sum, each) => sum + each.cpuUnits, 0),
    memoryMiB: memoryMiB - taken.reduce((sum, each) => sum + each.memoryMiB, 0),
  };
}

export function tasksIn({ tasks }: Service, zone: string): number {
  return [...tasks].filter((task) => isLive(task) && task.zone === zone).length;
}

export function tasksOn({ tasks }: Service, instance: ContainerInstance | undefined): number {
  if (instance === undefined) return 0;
  return [...tasks].filter((task) => isLive(task) && task.instance === instance).length;
}
