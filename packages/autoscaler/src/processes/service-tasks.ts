/**
 * The tasks of one service, kept at a desired count, as an ECS service keeps its own.
 *
 * A task that exits unasked is replaced: at once when it had run well, after a growing pause when it died young, and then
 * one at a time until one comes up, so that a crash loop neither spins nor multiplies. A draining task is leaving: it
 * is no capacity, and its place may be filled before it is gone.
 */
import type { WorkerHeartbeat } from '@longshore/fleet';
import type { Clock, Timer } from '@longshore/job';
import type { TargetFacts } from '../ports.ts';
import { leaving } from '../leaving.ts';
import { restartDelayMs, STABLE_MS, withCrash, type CrashStreak } from '../restart-delay.ts';
import { Task, type OutputStream, type ProcessTask, type TaskCommand } from './task.ts';

/** Where the target tells what happens; pino's interface, as far as it is used. */
export interface ProcessesLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Called with each line of output, without its end. */
export type OnLine = (service: string, taskId: string, stream: OutputStream, line: string) => void;

/** What the tasks of a service are run with. */
export interface ServiceTasksOptions {
  readonly service: string;
  readonly commandFor: (service: string) => TaskCommand;
  readonly clock: Clock;
  readonly graceMs: number;
  readonly startLimitMs: number;
  readonly log: ProcessesLog;
  readonly onExit: (task: ProcessTask) => void;
  readonly onLine: OnLine | undefined;
}

/** Start-up times that the plan is made of. */
const STARTUPS_KEPT = 8;
/** Exits unasked that displays can still show. */
const CRASHES_KEPT = 5;

/** Tasks of one service. */
export class ServiceTasks {
  readonly #options: ServiceTasksOptions;
  readonly #tasks = new Set<Task>();
  readonly #startupsMs: number[] = [];
  readonly #crashed: ProcessTask[] = [];
  #desired = 0;
  #started = 0;
  /** Jobs finished by tasks that are gone. */
  #finishedBefore = 0;
  #meanServiceMs: number | undefined;
  #streak: CrashStreak | undefined;
  /** After a young crash, until a task comes up: no more than one start at a time. */
  #isProbing = false;
  #pause: Timer | undefined;

  constructor(options: ServiceTasksOptions) {
    this.#options = options;
  }

  scaleTo(desired: number): void {
    this.#desired = desired;
    this.#reconcile();
  }

  observe(): TargetFacts {
    const running = this.#in('running');
    const waitsMs = [...this.#tasks]
      .map(({ heartbeat }) => heartbeat?.oldestWaitMs)
      .filter((waitMs) => waitMs !== undefined);
    const meanServiceMs = this.#measureService();
    return {
      desired: this.#desired,
      running: running.length,
      pending: this.#in('starting').length,
      // Who does not answer may be blocked by a job.
      busyTasks: running.filter((task) => task.busy > 0 || !task.isAnswering).length,
      canDrain: true,
      busySlots: running.reduce((sum, task) => sum + Math.max(task.busy, task.isAnswering ? 0 : 1), 0),
      finishedJobs: this.finishedJobs,
      ...(meanServiceMs === undefined ? {} : { meanServiceMs }),
      ...(this.#startupsMs.length === 0 ? {} : { startupMs: Math.max(...this.#startupsMs) }),
      ...(waitsMs.length === 0 ? {} : { oldestWaitMs: Math.max(...waitsMs) }),
      atMs: this.#options.clock.nowMs(),
    };
  }

  /** Jobs that tasks, present and gone, completed or buried. */
  get finishedJobs(): number {
    return [...this.#tasks].reduce((sum, { heartbeat }) => sum + finishedBy(heartbeat), this.#finishedBefore);
  }

  /** Live tasks, oldest first, then the last few that ended unasked. */
  snapshot(): readonly ProcessTask[] {
    return [...[...this.#tasks].map((task) => task.snapshot()), ...this.#crashed];
  }

  /** Drains every task, kills what is left after `deadlineMs`, and resolves when all are gone. No task starts again. */
  async stop(deadlineMs: number): Promise<void> {
    this.#desired = 0;
    this.#pause?.cancel();
    const tasks = [...this.#tasks];
    for (const task of tasks) {
      task.drain();
      task.killAfter(deadlineMs);
    }
    await Promise.all(tasks.map((task) => task.gone));
  }

  #reconcile(): void {
    const staying = [...this.#tasks].flatMap((task) => {
      const { state, busy, startedAtMs, isAnswering } = task;
      return state === 'starting' || state === 'running'
        ? [{ task, state, busy, startedAtMs, isAnswering }]
        : [];
    });
    for (const { task } of leaving(staying, staying.length - this.#desired)) task.drain();
    const isPaused = this.#pause !== undefined;
    const isProbeOut = this.#isProbing && this.#in('starting').length > 0;
    if (isPaused || isProbeOut) return;
    const missing = this.#desired - staying.length;
    for (let count = 0; count < (this.#isProbing ? Math.min(1, missing) : missing); count += 1) this.#start();
  }

  #start(): void {
    const { service, commandFor, clock, graceMs, startLimitMs, log, onLine } = this.#options;
    this.#started += 1;
    const id = `${service}-${this.#started}`;
    const task = new Task({
      id,
      service,
      command: () => commandFor(service),
      clock,
      graceMs,
      startLimitMs,
      onLine: onLine && ((stream, line) => onLine(service, id, stream, line)),
      onChange: (changed, change) => this.#changed(changed, change),
      onFault: (reason) => log.warn({ service, task: id }, `Task ${id} ${reason}`),
    });
    this.#tasks.add(task);
  }

  #changed(task: Task, change: 'running' | 'draining' | 'exited'): void {
    if (change === 'running') this.#cameUp(task);
    if (change === 'exited') this.#exited(task);
    // A drain that the service itself asked for needs no look around: it comes from one.
    if (change !== 'draining') this.#reconcile();
    else queueMicrotask(() => this.#reconcile());
  }

  #cameUp(task: Task): void {
    this.#isProbing = false;
    if (task.startupMs === undefined) return;
    this.#startupsMs.push(task.startupMs);
    this.#startupsMs.splice(0, this.#startupsMs.length - STARTUPS_KEPT);
  }

  #exited(task: Task): void {
    const { log, onExit, clock } = this.#options;
    const exited = task.snapshot();
    this.#measureService();
    this.#finishedBefore += finishedBy(task.heartbeat);
    this.#tasks.delete(task);
    const { reason, isExpected } = exited.exit ?? { reason: 'exited', isExpected: false };
    if (isExpected) {
      log.info(exited, `Task ${exited.id} left: ${reason}`);
    } else {
      this.#crashed.push(exited);
      this.#crashed.splice(0, this.#crashed.length - CRASHES_KEPT);
      const pauseMs = task.ranMs >= STABLE_MS ? 0 : this.#crashedYoung(clock.nowMs());
      log.warn(
        exited,
        `Task ${exited.id} ${reason}${pauseMs === 0 ? '' : `, the next start waits ${pauseMs} ms`}`,
      );
    }
    onExit(exited);
  }

  #crashedYoung(nowMs: number): number {
    this.#streak = withCrash(this.#streak, nowMs);
    this.#isProbing = true;
    const pauseMs = restartDelayMs(this.#streak);
    this.#pause?.cancel();
    this.#pause = this.#options.clock.after(pauseMs, () => {
      this.#pause = undefined;
      this.#reconcile();
    });
    return pauseMs;
  }

  /** Mean over the tasks, weighted by what they finished; the last known one while there are none. */
  #measureService(): number | undefined {
    let totalMs = 0;
    let attempts = 0;
    for (const { heartbeat } of this.#tasks) {
      if (heartbeat?.meanServiceMs === undefined) continue;
      const weight = Math.max(1, finishedBy(heartbeat) + heartbeat.failed);
      totalMs += heartbeat.meanServiceMs * weight;
      attempts += weight;
    }
    if (attempts > 0) this.#meanServiceMs = totalMs / attempts;
    return this.#meanServiceMs;
  }

  #in(state: ProcessTask['state']): Task[] {
    return [...this.#tasks].filter((task) => task.state === state);
  }
}

function finishedBy(heartbeat: WorkerHeartbeat | undefined): number {
  return heartbeat === undefined ? 0 : heartbeat.completed + (heartbeat.buried ?? 0);
}
