/** A container as the caller declares it, checked, and written in the engine's words. */
import type { Fields } from './container.ts';

/** What a task of a service is run as. */
export interface ContainerSpec {
  /** An image that the engine has: nothing is pulled. */
  readonly image: string;
  /** Default: the image's. */
  readonly entrypoint?: readonly string[];
  /** Default: the image's. */
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** CPU limit: 1,024 are one core, as on ECS. Default: none. */
  readonly cpuUnits?: number;
  /** Memory limit, swap included. From 6, which is the engine's own least. Default: none. */
  readonly memoryMiB?: number;
  /** Names of networks, where the container is known by its service's name. Default: the engine's bridge. */
  readonly networks?: readonly string[];
  /** Volumes by name, or folders by absolute path. */
  readonly mounts?: readonly ContainerMount[];
  /** What the worker has to drain after SIGTERM. Default 25,000, as in a fleet. */
  readonly drainMs?: number;
}

/** A volume or a folder of the engine's machine. */
export interface ContainerMount {
  readonly source: string;
  readonly target: string;
  /** Default false. */
  readonly isReadOnly?: boolean;
}

/** The body of a `create`, and the networks to join beside the first. */
export interface ContainerPlan {
  readonly body: Fields;
  readonly networks: Readonly<Record<string, Fields>>;
}

const DEFAULT_DRAIN_MS = 25_000;
const CPU_UNITS_PER_CORE = 1_024;
const NANO_CPUS_PER_CORE = 1_000_000_000;
const BYTES_PER_MIB = 1_048_576;
const LEAST_MEMORY_MIB = 6;

/** What is wrong with a declared container; empty when nothing is. */
export function specFaults(spec: ContainerSpec): readonly string[] {
  const { image, cpuUnits, memoryMiB, drainMs, mounts = [] } = spec;
  const faults: string[] = [];
  if (image === '') faults.push('image is empty');
  if (cpuUnits !== undefined && !(Number.isFinite(cpuUnits) && cpuUnits > 0))
    faults.push(`cpuUnits is ${cpuUnits}, expected more than 0`);
  if (memoryMiB !== undefined && !(Number.isFinite(memoryMiB) && memoryMiB >= LEAST_MEMORY_MIB))
    faults.push(`memoryMiB is ${memoryMiB}, expected from ${LEAST_MEMORY_MIB}`);
  if (drainMs !== undefined && !(Number.isFinite(drainMs) && drainMs >= 0))
    faults.push(`drainMs is ${drainMs}, expected milliseconds from 0`);
  for (const { source, target } of mounts)
    if (source === '' || !target.startsWith('/'))
      faults.push(`mount "${source}" at "${target}": expected a source, and an absolute path to mount it at`);
  return faults;
}

/**
 * A declared container in the engine's words, without the labels and the name that only its number gives.
 *
 * @param graceMs Time after the drain before SIGKILL; `docker stop` and `docker compose down` wait for it as well.
 */
export function declaredPlan(spec: ContainerSpec, service: string, graceMs: number): ContainerPlan {
  const { image, entrypoint, command, env = {}, labels = {}, cpuUnits, memoryMiB } = spec;
  const { networks = [], mounts = [], drainMs = DEFAULT_DRAIN_MS } = spec;
  const memoryBytes = memoryMiB === undefined ? undefined : Math.round(memoryMiB * BYTES_PER_MIB);
  const [first] = networks;
  return {
    body: {
      Image: image,
      ...(entrypoint === undefined ? {} : { Entrypoint: entrypoint }),
      ...(command === undefined ? {} : { Cmd: command }),
      Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      Labels: labels,
      StopTimeout: Math.ceil((drainMs + graceMs) / 1_000),
      HostConfig: {
        // The first process of a container is deaf to signals that it has no handler for, so a worker is not the first.
        Init: true,
        // A crash needs no controller: the engine starts the container again, with growing pauses.
        RestartPolicy: { Name: 'unless-stopped' },
        ...(cpuUnits === undefined
          ? {}
          : { NanoCpus: Math.round((cpuUnits / CPU_UNITS_PER_CORE) * NANO_CPUS_PER_CORE) }),
        // The same limit for both leaves no swap: a worker that outgrows its memory is killed and does not crawl.
        ...(memoryBytes === undefined ? {} : { Memory: memoryBytes, MemorySwap: memoryBytes }),
        ...(first === undefined ? {} : { NetworkMode: first }),
        Mounts: mounts.map(({ source, target, isReadOnly = false }) => ({
          Type: source.startsWith('/') ? 'bind' : 'volume',
          Source: source,
          Target: target,
          ReadOnly: isReadOnly,
        })),
      },
    },
    networks: Object.fromEntries(networks.map((name) => [name, { Aliases: [service] }])),
  };
}
