/** Containers and what their workers report, joined into tasks. Pure. */
import { isKept } from './compose.ts';
import type { Container } from './container.ts';

/** A worker as it last reported, as far as this target looks at it. */
export interface ContainerWorker {
  /** Host that it runs on; in a container, the container's short id unless its definition names another. */
  readonly host?: string;
  readonly state: 'starting' | 'running' | 'draining' | 'stopped';
  /** Jobs that it works on. */
  readonly busySlots: number;
  readonly startedAtMs: number;
  /** Whether it has reported lately. One that does not may be busy. */
  readonly isAnswering: boolean;
}

/** A container as a task of its service. */
export interface DockerTask {
  readonly container: Container;
  /**
   * `draining` is alive and leaves; `left` was told to leave and has; `dead` ended unasked; `blank` was created and
   * never started.
   */
  readonly state: 'starting' | 'running' | 'draining' | 'left' | 'dead' | 'blank';
  /** At least 1 while it does not answer. */
  readonly busy: number;
  readonly isAnswering: boolean;
  /** Whether it was told to leave and its worker, which can report, has not taken note. */
  readonly isDeaf: boolean;
  readonly startedAtMs: number;
}

/** What tasks are told from beside their containers. */
export interface TaskView {
  /** `undefined` where no worker of the service can report. */
  readonly workers: readonly ContainerWorker[] | undefined;
  /** A container that is silent for so long counts as running, and as busy. */
  readonly startLimitMs: number;
  readonly nowMs: number;
}

/** The tasks that these containers are. */
export function dockerTasks(containers: readonly Container[], view: TaskView): readonly DockerTask[] {
  return containers.map((container) => {
    const worker = container.isLive ? workerIn(container, view.workers ?? []) : undefined;
    const isAnswering = worker?.isAnswering === true && container.health !== 'unhealthy';
    return {
      container,
      state: stateOf(container, worker, view),
      busy: Math.max(worker?.busySlots ?? 0, isAnswering ? 0 : 1),
      isAnswering,
      isDeaf: container.leavesByMs !== undefined && view.workers !== undefined && !hasHeard(worker),
      startedAtMs: container.startedAtMs,
    };
  });
}

function hasHeard(worker: ContainerWorker | undefined): boolean {
  return worker?.state === 'draining' || worker?.state === 'stopped';
}

function stateOf(
  container: Container,
  worker: ContainerWorker | undefined,
  view: TaskView,
): DockerTask['state'] {
  const { isLive, isBlank, leavesByMs } = container;
  if (isBlank) return 'blank';
  if (!isLive) return leavesByMs !== undefined || isKept(container.name) ? 'left' : 'dead';
  // Somebody else may have told it to leave.
  if (leavesByMs !== undefined || worker?.state === 'draining') return 'draining';
  return isReady(container, worker, view) ? 'running' : 'starting';
}

function isReady(
  { health, startedAtMs, isRestarting }: Container,
  worker: ContainerWorker | undefined,
  view: TaskView,
): boolean {
  if (isRestarting) return false;
  if (worker?.state === 'running') return true;
  if (view.nowMs - startedAtMs > view.startLimitMs) return true;
  // An unhealthy container is no longer starting: it counts, as one that does not answer.
  if (health !== undefined) return health !== 'starting';
  return view.workers === undefined;
}

/** A container that was started again keeps its host name: what its process before said is of no use. */
function workerIn(container: Container, workers: readonly ContainerWorker[]): ContainerWorker | undefined {
  const { id, hostname, finishedAtMs } = container;
  return workers
    .filter(({ host = '' }) => host !== '' && (host === hostname || isShortId(host, id)))
    .filter(({ startedAtMs }) => finishedAtMs === 0 || startedAtMs >= finishedAtMs)
    .toSorted((left, right) => right.startedAtMs - left.startedAtMs)[0];
}

function isShortId(host: string, id: string): boolean {
  return host.length >= 12 && id.startsWith(host);
}
