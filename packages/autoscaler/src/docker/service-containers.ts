/**
 * The containers of one service, kept at a desired count.
 *
 * An engine keeps no count, so each observation also mends: what is gone is replaced, what has left is removed. What an
 * engine does keep is the record: the desired count of a new target is that of the containers that were not told to
 * leave. One step at a time runs; telling tasks to leave is awaited, starting them is not.
 */
import { errorDetails, LongshoreError, type Clock } from '@longshore/job';
import type { TargetFacts } from '../ports.ts';
import { containerName, freeNumber, LABELS, leavingName, leftName } from './compose.ts';
import { fieldsOf, type Container } from './container.ts';
import { declaredPlan, specFaults, type ContainerPlan, type ContainerSpec } from './container-spec.ts';
import { copiedPlan } from './copied-plan.ts';
import type { DockerEngine } from './engine.ts';
import { mendingPlan, type MendingPlan } from './mending-plan.ts';
import { shortageOf } from './shortage.ts';
import { StartBrake } from './start-brake.ts';
import { taskFacts, type WorkerReports } from './task-facts.ts';
import { dockerTasks, type DockerTask } from './tasks.ts';

/** Where the target tells what happens; pino's interface, as far as it is used. */
export interface DockerLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** What the containers of a service are run with. */
export interface ServiceContainersOptions {
  readonly service: string;
  readonly project: string;
  readonly engine: DockerEngine;
  readonly containerFor: ((service: string) => ContainerSpec | undefined) | undefined;
  readonly workers: WorkerReports | undefined;
  readonly graceMs: number;
  readonly startLimitMs: number;
  readonly clock: Clock;
  readonly log: DockerLog;
}

/** Where neither a declaration nor compose says otherwise: the drain of a fleet's service, 25 s, and the exit. */
const DEFAULT_STOP_MS = 30_000;
const CONFLICT = 409;
/** Start-up times that the plan is made of. */
const STARTUPS_KEPT = 8;
/** Foreign containers that may sit on a name that is ours. */
const NAMES_TRIED = 20;

/** Containers of one service. */
export class ServiceContainers {
  readonly #options: ServiceContainersOptions;
  readonly #brake = new StartBrake();
  /** Told to leave, though a list that was asked for before may not say so. */
  readonly #leavesBy = new Map<string, number>();
  #desired: number | undefined;
  /** The last container seen, to copy when none is left. */
  #original: Container | undefined;
  #shortage: string | undefined;
  /** By container and start. */
  readonly #startupsMs = new Map<string, number>();
  #turn: Promise<unknown> = Promise.resolve();
  #mending: Promise<void> | undefined;
  #isStale = false;
  #isClosed = false;

  constructor(options: ServiceContainersOptions) {
    this.#options = options;
  }

  async observe(): Promise<TargetFacts> {
    const { clock, workers, service } = this.#options;
    // The time before the call: tasks may be older than this, never newer.
    const atMs = clock.nowMs();
    const tasks = await this.#look();
    const desired = (this.#desired ??= keptCount(tasks));
    this.#mend();
    return taskFacts({
      tasks,
      desired,
      isHeldUp: this.#shortage !== undefined || this.#brake.isOn(atMs),
      reports: workers?.of(service),
      seenStartupMs: this.#startupsMs.size === 0 ? undefined : Math.max(...this.#startupsMs.values()),
      shortage: this.#shortage,
      atMs,
    });
  }

  /** Resolves when surplus tasks were told to leave and the rest is under way. */
  async scaleTo(desired: number): Promise<void> {
    // Whoever asks for a service that is not there, or of an engine that does not answer, hears of it.
    if (this.#desired === undefined) await this.#look();
    this.#desired = desired;
    await this.#inTurn(async () => this.#release(this.#plan(await this.#look())));
    this.#mend();
  }

  /** Resolves when no step is under way. The containers stay as they are. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#mending;
    await this.#turn.catch(() => {});
  }

  async #look(): Promise<readonly DockerTask[]> {
    const { engine, service, workers, startLimitMs, clock, log } = this.#options;
    const containers = (await engine.containers(service)).map((each) => this.#withLeave(each));
    this.#original = containers.at(-1) ?? this.#original;
    if (this.#original === undefined && this.#declared() === undefined) throw this.#unknown();
    const nowMs = clock.nowMs();
    const tasks = dockerTasks(containers, { workers: workers?.workers(service), startLimitMs, nowMs });
    for (const { container } of this.#brake.look(tasks, nowMs)) {
      const { name, exitCode, isOutOfMemory } = container;
      const why = isOutOfMemory ? 'ran out of memory' : `exited with code ${exitCode}`;
      log.warn({ service, container: name, exitCode, isOutOfMemory }, `Container ${name} ${why}`);
    }
    for (const { container } of tasks) this.#noteStartup(container);
    return tasks;
  }

  #noteStartup({ id, startedAtMs, healthyAtMs }: Container): void {
    if (healthyAtMs === undefined) return;
    this.#startupsMs.set(`${id} ${startedAtMs}`, healthyAtMs - startedAtMs);
    const [oldest] = this.#startupsMs.keys();
    if (this.#startupsMs.size > STARTUPS_KEPT && oldest !== undefined) this.#startupsMs.delete(oldest);
  }

  #withLeave(container: Container): Container {
    const leavesByMs = container.leavesByMs ?? this.#leavesBy.get(container.id);
    return leavesByMs === container.leavesByMs ? container : { ...container, leavesByMs };
  }

  #plan(tasks: readonly DockerTask[]): MendingPlan {
    const nowMs = this.#options.clock.nowMs();
    const desired = this.#desired ?? keptCount(tasks);
    const starts = this.#isClosed ? 0 : this.#brake.starts(tasks, nowMs);
    return mendingPlan({ tasks, desired, starts, isDeclared: this.#declared() !== undefined, nowMs });
  }

  /** Mends in the background until nothing is left to do. A call while it runs has it look once more. */
  #mend(): void {
    this.#isStale = true;
    this.#mending ??= this.#mendAll().finally(() => {
      this.#mending = undefined;
    });
  }

  async #mendAll(): Promise<void> {
    const { service, log } = this.#options;
    while (this.#isStale && !this.#isClosed) {
      this.#isStale = false;
      try {
        const hasStarted = await this.#inTurn(() => this.#step());
        this.#isStale ||= hasStarted;
      } catch (error) {
        // The next observation mends again, and says so itself if the engine is gone.
        log.warn(
          { service, error: errorDetails(error) },
          `Could not look after the containers of ${service}`,
        );
      }
    }
  }

  /** One step of mending; whether it started something and so may go on. */
  async #step(): Promise<boolean> {
    const plan = this.#plan(await this.#look());
    await this.#release(plan);
    await this.#clear(plan);
    if (plan.start.length + plan.create === 0) return false;
    const results = await Promise.all([
      ...plan.start.map((task) => this.#tryToStart(() => this.#options.engine.start(task.container.id))),
      ...(await this.#creations(plan.create)).map((create) => this.#tryToStart(create)),
    ]);
    return results.every((isStarted) => isStarted);
  }

  /** Throws when a task could not be told to leave: it is asked for again then. */
  async #release({ drain, remind, kill }: MendingPlan): Promise<void> {
    const { engine, service, log } = this.#options;
    const told = await Promise.allSettled(drain.map(({ container }) => this.#tellToLeave(container)));
    await Promise.all([
      ...remind.map(({ container: { id, name, stopSignal } }) =>
        this.#attempt(`remind container ${name} to leave`, () => engine.signal(id, stopSignal)),
      ),
      ...kill.map(({ container: { id, name } }) =>
        this.#attempt(`kill container ${name}`, async () => {
          log.warn({ service, container: name }, `Container ${name} did not leave in time and is killed`);
          await engine.signal(id, 'SIGKILL');
        }),
      ),
    ]);
    const failed = told.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #tellToLeave({ id, name, stopSignal, stopMs = DEFAULT_STOP_MS }: Container): Promise<void> {
    const { engine, clock, service, log } = this.#options;
    const leavesByMs = clock.nowMs() + stopMs;
    await engine.signal(id, stopSignal);
    this.#leavesBy.set(id, leavesByMs);
    log.info({ service, container: name, leavesByMs }, `Told container ${name} to leave`);
    // After the signal: one that is marked and was not told would be killed unprepared.
    await engine.rename(id, leavingName(name, leavesByMs));
  }

  /** Removes what has left. An engine that cannot remove a container, which happens, can still start others. */
  async #clear({ remove, keep }: MendingPlan): Promise<void> {
    const { engine, service, log } = this.#options;
    await Promise.all(
      remove.map(({ container: { id, name, exitCode } }) =>
        this.#attempt(`remove container ${name}`, async () => {
          await engine.remove(id);
          this.#leavesBy.delete(id);
          const said = `Removed container ${name}: exited with code ${exitCode}`;
          log.info({ service, container: name, exitCode }, said);
        }),
      ),
    );
    if (keep === undefined) return;
    const { id, name } = keep.container;
    await this.#attempt(`keep container ${name}`, async () => {
      await engine.rename(id, leftName(name));
      this.#leavesBy.delete(id);
      const said = `Container ${name} has left, and is kept as the pattern of the next`;
      log.info({ service, container: name }, said);
    });
  }

  /** What fails here is tried again at the next observation. */
  async #attempt(what: string, act: () => Promise<void>): Promise<void> {
    const { service, log } = this.#options;
    try {
      await act();
    } catch (error) {
      log.warn({ service, error: errorDetails(error) }, `Could not ${what}: ${errorDetails(error).message}`);
    }
  }

  async #tryToStart(start: () => Promise<void>): Promise<boolean> {
    const { service, clock, log } = this.#options;
    try {
      await start();
      this.#shortage = undefined;
      return true;
    } catch (error) {
      const cause = shortageOf(error);
      this.#shortage = cause?.shortage;
      const pauseMs = this.#brake.failed(clock.nowMs());
      const remedy = cause?.remedy === undefined ? '' : `; ${cause.remedy}`;
      const { message } = errorDetails(error);
      log.warn({ service, pauseMs }, `${message}${remedy}; the next start waits ${pauseMs} ms`);
      return false;
    }
  }

  async #creations(count: number): Promise<readonly (() => Promise<void>)[]> {
    const { engine, project, service } = this.#options;
    if (count === 0) return [];
    const taken = new Set((await engine.containers(service)).map(({ number }) => number));
    return Array.from({ length: count }, () => async () => {
      for (let tries = 1; ; tries += 1) {
        const number = freeNumber(taken);
        taken.add(number);
        try {
          await engine.run(containerName(project, service, number), this.#numbered(number));
          return;
        } catch (error) {
          if (!isNameTaken(error) || tries === NAMES_TRIED) throw error;
        }
      }
    });
  }

  #numbered(number: number): ContainerPlan {
    const { project, service, graceMs } = this.#options;
    const declared = this.#declared();
    if (declared === undefined && this.#original === undefined) throw this.#unknown();
    const { body, networks } =
      declared === undefined && this.#original !== undefined
        ? copiedPlan(this.#original)
        : declaredPlan(declared ?? { image: '' }, service, graceMs);
    const labels = {
      ...fieldsOf(body['Labels']),
      [LABELS.project]: project,
      [LABELS.service]: service,
      [LABELS.number]: String(number),
      [LABELS.oneoff]: 'False',
      [LABELS.scaled]: 'true',
    };
    return { body: { ...body, Labels: labels }, networks };
  }

  #declared(): ContainerSpec | undefined {
    const { containerFor, service } = this.#options;
    const spec = containerFor?.(service);
    const faults = spec === undefined ? [] : specFaults(spec);
    if (faults.length === 0) return spec;
    throw new LongshoreError(
      'invalid_options',
      `Cannot run containers of "${service}": ${faults.join('; ')}`,
    );
  }

  #unknown(): LongshoreError {
    const { project, service } = this.#options;
    return new LongshoreError(
      'service_missing',
      `Compose project "${project}" has no container of service "${service}" to copy, and none is declared: run "docker compose -p ${project} create ${service}", or declare it with containerFor`,
    );
  }

  #inTurn<Result>(step: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(step, step);
    this.#turn = result.catch(() => {});
    return result;
  }
}

/** What was asked for, as far as the containers tell: those that were not told to leave. */
function keptCount(tasks: readonly DockerTask[]): number {
  return tasks.filter(({ state }) => state === 'starting' || state === 'running' || state === 'dead').length;
}

function isNameTaken(error: unknown): boolean {
  return error instanceof LongshoreError && error.details['status'] === CONFLICT;
}
