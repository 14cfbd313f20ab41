/**
 * A whole fleet on one machine: the embedded endpoint, the queues, and an autoscaler that starts and stops worker
 * processes with the backlog. What runs here is what runs on ECS, but for the target of the autoscaler.
 */
import { createWriteStream, type WriteStream } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import {
  createAutoscaler,
  ledgerSink,
  scalingSpec,
  type Autoscaler,
  type ScaledService,
  type ScalingTuning,
} from '@longshore/autoscaler';
import { processesTarget, type ProcessTask, type ProcessesTarget } from '@longshore/autoscaler/processes';
import { serviceNamed, type Fleet, type FleetService } from '@longshore/fleet';
import { openFleet, readSettings, type Environment, type OpenFleet } from '@longshore/launch';
import type { Ledger } from '@longshore/ledger';
import { sqliteLedger } from '@longshore/ledger/sqlite';
import { createLocalQueues } from './connection.ts';
import { startEndpoint, type Endpoint } from './endpoint.ts';
import { localEnvironment } from './environment.ts';
import type { LocalState } from './state.ts';
import { writeTasks, type LocalTask } from './tasks-file.ts';

/** A running local fleet. */
export interface LocalFleet {
  readonly opened: OpenFleet;
  readonly endpointUrl: string;
  /** Worker processes now. */
  tasks(): readonly LocalTask[];
  /** Most worker processes at one time so far. */
  peakTasks(): number;
  /** Jobs that the workers of a service, present and gone, completed. */
  completedJobs(service: string): number;
  /** Drains all workers, then stops the endpoint. Idempotent. */
  stop(options: { readonly deadlineMs: number }): Promise<void>;
}

/** Options of {@link startLocalFleet}. */
export interface LocalFleetOptions {
  readonly fleet: Fleet;
  readonly fleetPath: string;
  readonly state: LocalState;
  readonly env: Environment;
  /** A worker started, ended or crashed: for a person. */
  readonly onEvent?: (line: string) => void;
}

/** Looks often, since a person watches: the queues are a loopback call away. */
const TICK_MS = 500;
/** A fleet on one machine has its backlog cleared soon, so that scaling can be seen. On ECS the fleet file decides. */
const LOCAL_OBJECTIVE_MS = 2_000;
/** Two empty seconds send the workers home: starting again costs one. The embedded endpoint's counts are exact and fresh. */
const LOCAL_TUNING: Partial<ScalingTuning> = {
  idleMs: 2_000,
  holdMs: 2_000,
  staleMs: 5_000,
  lagMs: TICK_MS,
  serviceHintMs: 500,
  startupHintMs: 1_000,
};
const LOOK_EVERY_MS = 100;
/** A worker needs a core to be of use; three show that there is a fleet even on a small machine. */
const MIN_LOCAL_TASKS = 3;

/** Starts a local fleet with no workers; they come with the backlog. */
export async function startLocalFleet(options: LocalFleetOptions): Promise<LocalFleet> {
  const { fleet, state, env } = options;
  const endpoint = await startEndpoint(state);
  const variables = localEnvironment(state, endpoint.url);
  await createLocalQueues(fleet, endpoint.url);
  const opened = await openFleet(fleet, readSettings({ ...env, ...variables }));
  const logs = new LogFiles(state);
  const completed = new CompletedJobs();
  const target = startTarget(options, variables, logs, completed);
  const services = runnable(options).map((service) => localService(service, opened));
  const ledger = sqliteLedger({ path: state.ledger });
  const autoscaler = createAutoscaler({ services, target, intervalMs: TICK_MS, sink: ledgerSink(ledger) });
  autoscaler.start();
  return new RunningFleet({ endpoint, opened, target, autoscaler, ledger, logs, state, completed });
}

/** Services whose secrets are all there. The others would only fail to start, again and again. */
function runnable({ fleet, env, onEvent }: LocalFleetOptions): FleetService[] {
  return fleet.services.filter(({ name, secrets }) => {
    const missing = secrets.filter((secret) => (env[secret] ?? '') === '');
    if (missing.length > 0) onEvent?.(`${name}: left out, ${missing.join(' and ')} is not set`);
    return missing.length === 0;
  });
}

function localService(service: FleetService, opened: OpenFleet): ScaledService {
  const max = Math.min(service.scale.max, Math.max(MIN_LOCAL_TASKS, availableParallelism()));
  const timeInQueueMs = Math.min(LOCAL_OBJECTIVE_MS, service.objective.timeInQueueMs);
  const local = {
    ...service,
    scale: { ...service.scale, max },
    objective: { ...service.objective, timeInQueueMs },
  };
  return { spec: scalingSpec(local, LOCAL_TUNING), backlog: opened.queue(service.queue) };
}

function startTarget(
  options: LocalFleetOptions,
  variables: Record<string, string>,
  logs: LogFiles,
  record: CompletedJobs,
): ProcessesTarget {
  const { fleet, fleetPath, env, onEvent } = options;
  const folder = dirname(fleetPath);
  return processesTarget({
    commandFor(name) {
      const service = serviceNamed(fleet, name);
      return {
        command: process.execPath,
        args: [resolve(folder, service.entry)],
        cwd: folder,
        env: { ...env, ...variables },
        drainMs: service.drainMs,
      };
    },
    onLine: (service, taskId, _stream, line) => logs.write(service, `${taskId} ${line}`),
    onExit(task) {
      record.update([task]);
      if (task.exit !== undefined && !task.exit.isExpected)
        onEvent?.(`${task.service}: a worker ${task.exit.reason}; its jobs go to others`);
    },
  });
}

/** Jobs that tasks completed, those that are gone included. */
class CompletedJobs {
  readonly #tasks = new Map<string, ProcessTask>();

  update(tasks: readonly ProcessTask[]): void {
    for (const task of tasks) this.#tasks.set(task.id, task);
  }

  of(service: string): number {
    return [...this.#tasks.values()].reduce(
      (sum, task) => sum + (task.service === service ? task.completed : 0),
      0,
    );
  }
}

interface Parts {
  readonly endpoint: Endpoint;
  readonly opened: OpenFleet;
  readonly target: ProcessesTarget;
  readonly autoscaler: Autoscaler;
  readonly ledger: Ledger;
  readonly logs: LogFiles;
  readonly state: LocalState;
  readonly completed: CompletedJobs;
}

class RunningFleet implements LocalFleet {
  readonly opened: OpenFleet;
  readonly #parts: Parts;
  readonly #watch: NodeJS.Timeout;
  #peak = 0;
  #stopped: Promise<void> | undefined;
  #written: Promise<void> = Promise.resolve();

  constructor(parts: Parts) {
    this.opened = parts.opened;
    this.#parts = parts;
    this.#watch = setInterval(() => this.#look(), LOOK_EVERY_MS);
    this.#watch.unref();
  }

  get endpointUrl(): string {
    return this.#parts.endpoint.url;
  }

  tasks(): readonly LocalTask[] {
    return this.#parts.target
      .tasks()
      .flatMap(({ service, state, pid, busy, slots }) =>
        state === 'exited' || pid === undefined ? [] : [{ service, state, pid, busy, slots }],
      );
  }

  peakTasks(): number {
    return this.#peak;
  }

  completedJobs(service: string): number {
    this.#parts.completed.update(this.#parts.target.tasks());
    return this.#parts.completed.of(service);
  }

  stop(options: { readonly deadlineMs: number }): Promise<void> {
    this.#stopped ??= this.#stop(options.deadlineMs);
    return this.#stopped;
  }

  async #stop(deadlineMs: number): Promise<void> {
    const { autoscaler, target, ledger, state, endpoint, logs } = this.#parts;
    clearInterval(this.#watch);
    await autoscaler.stop();
    await target.stop({ deadlineMs });
    await ledger.close();
    await this.#written;
    await writeTasks(state, []);
    await this.opened.close();
    await endpoint.close();
    await logs.close();
  }

  #look(): void {
    const tasks = this.tasks();
    this.#parts.completed.update(this.#parts.target.tasks());
    this.#peak = Math.max(this.#peak, tasks.length);
    // Only a display reads this file; the next look writes it again. Two writes at once would rename each other's file away.
    this.#written = this.#written.then(() => writeTasks(this.#parts.state, tasks)).catch(() => undefined);
  }
}

class LogFiles {
  readonly #folder: string;
  readonly #files = new Map<string, WriteStream>();

  constructor(state: LocalState) {
    this.#folder = state.logs;
  }

  write(service: string, line: string): void {
    let file = this.#files.get(service);
    if (file === undefined) {
      file = createWriteStream(join(this.#folder, `${service}.log`), { flags: 'a' });
      this.#files.set(service, file);
    }
    file.write(`${line}\n`);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => new Promise<void>((done) => file.end(done))));
  }
}
