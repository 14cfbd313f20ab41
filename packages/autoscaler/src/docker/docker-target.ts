/**
 * Services as containers of one Docker engine, side by side with those that compose made.
 *
 * It speaks to the engine itself: `docker compose up --scale` takes the highest numbers away, busy or not, and needs the
 * project's files. Per service a small scheduler keeps the asked-for count; this door checks and routes by name.
 */
import { LongshoreError, systemClock, type Clock } from '@longshore/job';
import type { ScalingTarget } from '../ports.ts';
import type { ContainerSpec } from './container-spec.ts';
import { DockerEngine } from './engine.ts';
import { engineConnection } from './engine-connection.ts';
import { ServiceContainers, type DockerLog } from './service-containers.ts';
import type { WorkerReports } from './task-facts.ts';

/** Options of {@link dockerTarget}. */
export interface DockerTargetOptions {
  /** The compose project that the services belong to. */
  readonly project: string;
  /** The engine's socket. Default `/var/run/docker.sock`. */
  readonly socketPath?: string;
  /** An engine that listens on TCP, `tcp://127.0.0.1:2375`, instead of the socket. Without TLS: for proxies on this machine. */
  readonly host?: string;
  /**
   * How to run a service; asked at each start. Where it is absent or says nothing, new containers are copies of the
   * service's existing one, which `docker compose create` makes without starting it.
   */
  readonly containerFor?: (service: string) => ContainerSpec | undefined;
  /**
   * Reports of the workers in the containers. Without them a container is ready when its health check says so, else at
   * once, and every task counts as busy.
   */
  readonly workers?: WorkerReports;
  /** Time after a declared container's drain time before SIGKILL. Default 5,000, the flush and the exit. */
  readonly graceMs?: number;
  /** A container that says nothing for so long after its start counts as running, and as busy. Default 120,000. */
  readonly startLimitMs?: number;
  /** Bound of one call to the engine. Default 30,000. */
  readonly timeoutMs?: number;
  readonly log?: DockerLog;
  readonly clock?: Clock;
}

/** Containers as a scaling target. */
export interface DockerTarget extends ScalingTarget, AsyncDisposable {
  /** Resolves when no step is under way. Containers run on, and another target finds them. Then all calls reject with `closed`. */
  close(): Promise<void>;
}

const DEFAULT_SOCKET = '/var/run/docker.sock';
const DEFAULT_GRACE_MS = 5_000;
const DEFAULT_START_LIMIT_MS = 120_000;
/** Creating a container on a busy machine takes seconds. */
const DEFAULT_TIMEOUT_MS = 30_000;
const SILENT: DockerLog = { info: () => {}, warn: () => {} };
/** Compose's own rules for the names of projects and services. */
const PROJECT = /^[a-z0-9][a-z0-9_-]*$/;
const SERVICE = /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/;

/**
 * A target that runs tasks as containers of a compose project. Nothing is changed until a count is applied or fewer
 * containers than before are found.
 *
 * Both calls throw `target_unavailable` when no engine answers, the socket is forbidden or the engine refuses, and
 * `service_missing` for a service that is neither declared nor there. That containers cannot be started is no error but
 * a `shortage`: `RESOURCE:IMAGE`, `RESOURCE:PORTS`, `RESOURCE:MEMORY`, `RESOURCE:CPU`, `RESOURCE:DISK`,
 * `RESOURCE:ADDRESSES`, `RESOURCE:NETWORK`, else `ENGINE:` and what the engine said.
 *
 * @throws LongshoreError `invalid_options`, all faults in one message
 */
export function dockerTarget(options: DockerTargetOptions): DockerTarget {
  checkOptions(options);
  const { project, socketPath = DEFAULT_SOCKET, host, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const connection = engineConnection({ socketPath, host, timeoutMs });
  const engine = new DockerEngine(connection, project);
  const services = new Map<string, ServiceContainers>();
  let isClosed = false;

  const containersOf = (service: string): ServiceContainers => {
    if (isClosed)
      throw new LongshoreError('closed', `Cannot look after "${service}": its target has been closed`);
    if (!SERVICE.test(service))
      throw new LongshoreError(
        'service_missing',
        `Service "${service}" cannot be in a compose project: expected letters, digits, ".", "_" and "-"`,
      );
    let containers = services.get(service);
    if (containers === undefined) {
      const { containerFor, workers, clock = systemClock, log = SILENT } = options;
      const { graceMs = DEFAULT_GRACE_MS, startLimitMs = DEFAULT_START_LIMIT_MS } = options;
      const scope = { service, project, engine, containerFor, workers };
      containers = new ServiceContainers({ ...scope, graceMs, startLimitMs, clock, log });
      services.set(service, containers);
    }
    return containers;
  };
  const close = async (): Promise<void> => {
    isClosed = true;
    await Promise.all([...services.values()].map((containers) => containers.close()));
    connection.close();
  };
  return {
    observe: async (service) => containersOf(service).observe(),
    apply: async (service, desired) => {
      if (!Number.isSafeInteger(desired) || desired < 0) {
        throw new LongshoreError(
          'invalid_options',
          `Cannot scale "${service}" to ${desired}: expected a whole number from 0`,
        );
      }
      await containersOf(service).scaleTo(desired);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function checkOptions(options: DockerTargetOptions): void {
  const { project, socketPath = DEFAULT_SOCKET, host } = options;
  const faults: string[] = [];
  if (!PROJECT.test(project))
    faults.push(`project is "${project}", expected small letters, digits, "_" and "-"`);
  if (socketPath === '') faults.push('socketPath is empty');
  if (host !== undefined && !/^(?:tcp|http):\/\/[^/]+:\d+\/?$/.test(host))
    faults.push(`host is "${host}", expected tcp://address:port`);
  if (host !== undefined && options.socketPath !== undefined)
    faults.push('both socketPath and host are given, expected one of them');
  const { graceMs = DEFAULT_GRACE_MS, startLimitMs = DEFAULT_START_LIMIT_MS } = options;
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  for (const [name, value] of Object.entries({ graceMs, startLimitMs }))
    if (!(Number.isFinite(value) && value >= 0))
      faults.push(`${name} is ${value}, expected milliseconds from 0`);
  if (!(Number.isFinite(timeoutMs) && timeoutMs > 0))
    faults.push(`timeoutMs is ${timeoutMs}, expected milliseconds above 0`);
  if (faults.length > 0)
    throw new LongshoreError('invalid_options', `Cannot scale on Docker: ${faults.join('; ')}`);
}
