/** The nouns of the stand-in for ECS: what a cluster, a service, a deployment and a task consist of. */

export const REGION = 'eu-west-1';
export const ACCOUNT = '111122223333';
export const ZONES: readonly string[] = ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'];

/** Developer guide, "Amazon ECS task lifecycle". */
export type TaskStatus =
  | 'PROVISIONING'
  | 'PENDING'
  | 'ACTIVATING'
  | 'RUNNING'
  | 'DEACTIVATING'
  | 'STOPPING'
  | 'DEPROVISIONING'
  | 'STOPPED';

export interface TaskDefinition {
  readonly arn: string;
  readonly family: string;
  readonly revision: number;
  readonly cpuUnits: number;
  readonly memoryMiB: number;
  /** Time between SIGTERM and SIGKILL: `stopTimeout` of the container, 30 s by default. */
  readonly stopTimeoutMs: number;
}

export interface Deployment {
  readonly id: string;
  status: 'PRIMARY' | 'ACTIVE';
  readonly taskDefinition: TaskDefinition;
  rolloutState: 'IN_PROGRESS' | 'COMPLETED';
  readonly createdAtMs: number;
  updatedAtMs: number;
}

export interface ServiceEvent {
  readonly id: string;
  readonly createdAtMs: number;
  readonly message: string;
}

/** What runs inside of a task. */
export interface TaskBody {
  /** SIGTERM. A body without it exits at once. */
  stop?(): void;
  /** SIGKILL: the task is gone, whatever it was doing. */
  kill?(): void;
}

export interface Task {
  readonly id: string;
  readonly arn: string;
  readonly service: Service;
  readonly deployment: Deployment;
  readonly createdAtMs: number;
  zone: string;
  /** The container instance; `undefined` on Fargate and before there is a place. */
  instance: ContainerInstance | undefined;
  lastStatus: TaskStatus;
  desiredStatus: 'RUNNING' | 'STOPPED';
  startedAtMs: number | undefined;
  stoppedAtMs: number | undefined;
  stoppedReason: string | undefined;
  protectedUntilMs: number | undefined;
  body: TaskBody | undefined;
}

export interface ContainerInstance {
  readonly id: string;
  readonly zone: string;
  readonly cpuUnits: number;
  readonly memoryMiB: number;
  /** Tasks that hold resources here. */
  readonly tasks: Set<Task>;
}

export interface Service {
  readonly name: string;
  readonly arn: string;
  readonly clusterName: string;
  readonly launchType: 'FARGATE' | 'EC2';
  readonly createdAtMs: number;
  readonly schedulingStrategy: 'REPLICA' | 'DAEMON';
  readonly minimumHealthyPercent: number;
  readonly maximumPercent: number;
  status: 'ACTIVE' | 'INACTIVE';
  desiredCount: number;
  /** PRIMARY first. */
  deployments: Deployment[];
  /** Newest first. */
  events: ServiceEvent[];
  /** Live tasks and those that stopped lately. */
  readonly tasks: Set<Task>;
  /** The lack of room that was last told, until it is over. */
  toldShortage: { readonly message: string; readonly atMs: number } | undefined;
  isSteady: boolean;
  /** When the scheduler looks next; `Infinity` when nothing is planned. */
  passAtMs: number;
}

export interface Cluster {
  readonly name: string;
  readonly arn: string;
  readonly services: Map<string, Service>;
  readonly instances: ContainerInstance[];
}

/** Tasks that are starting or running, and are meant to. */
export function isLive({ desiredStatus, lastStatus }: Task): boolean {
  return desiredStatus === 'RUNNING' && lastStatus !== 'STOPPED';
}

export function isRunning(task: Task): boolean {
  return isLive(task) && task.lastStatus === 'RUNNING';
}

export function isProtected({ protectedUntilMs }: Task, nowMs: number): boolean {
  return protectedUntilMs !== undefined && nowMs < protectedUntilMs;
}
