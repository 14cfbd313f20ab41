/**
 * The tasks of one service in a simulation: launched, placed, started, busy, draining, killed, and billed.
 *
 * It knows nothing of queues: the engine asks for a free slot, and is told which slots became free and which tasks must
 * be killed.
 */
import type { Removal } from '../policy.ts';
import type { SeededRandom } from '../traces/seeded-random.ts';
import type { Scenario } from './scenario.ts';

const WAITING = 0;
const STARTING = 1;
const RUNNING = 2;
const LEAVING = 3;
const GONE = 4;

interface Task {
  readonly id: number;
  state: number;
  busy: number;
  launchedAt: number;
  readyAt: number;
  /** When it is killed with what it still runs. */
  killedAt: number;
}

/** Start-ups that the measured figure looks back on. */
const STARTUPS_KEPT = 40;
/** A minute with two before it: what a Spot interruption gives. */
const SPOT_NOTICE_SECONDS = 120;

/** Tasks and their bill. */
export class Tasks {
  readonly #scenario: Scenario;
  readonly #random: SeededRandom;
  readonly #removal: Removal;
  #live: Task[] = [];
  readonly #byId = new Map<number, Task>();
  #lastId = 0;
  /** Ids of tasks with a free slot, one entry a slot; entries of tasks that left are dropped when met. */
  #free: number[] = [];
  #startups: number[] = [];
  #startupP90 = NaN;
  #billed = 0;
  #instances: number;
  #instanceAt = Infinity;
  #due = Infinity;
  running = 0;
  starting = 0;
  leaving = 0;
  busySlots = 0;
  peak = 0;

  constructor(scenario: Scenario, removal: Removal, random: SeededRandom) {
    this.#scenario = scenario;
    this.#removal = removal;
    this.#random = random;
    this.#instances = scenario.pool?.minInstances ?? 0;
  }

  /** Tasks that are to stay. */
  get staying(): number {
    return this.running + this.starting;
  }

  get hasFreeSlot(): boolean {
    return this.#free.length > 0;
  }

  get measuredStartupSeconds(): number {
    return this.#startupP90;
  }

  /** Billed seconds of the tasks that are gone. */
  get billedSeconds(): number {
    return this.#billed;
  }

  get busyTasks(): number {
    return this.#live.reduce((sum, { state, busy }) => sum + (state === RUNNING && busy > 0 ? 1 : 0), 0);
  }

  /** Tasks on the bill now. */
  get billedTasks(): number {
    return this.#live.reduce((sum, { state }) => sum + (state === WAITING ? 0 : 1), 0);
  }

  /** Brings tasks up and away until this time. Answers with tasks whose time is over while they were busy. */
  advance(now: number): readonly number[] {
    if (this.#scenario.spotLossesPerTaskHour !== undefined) this.#loseToSpot(now);
    if (now < this.#due) return [];
    this.#due = Infinity;
    const killed: number[] = [];
    if (this.#instanceAt <= now) {
      this.#instances += 1;
      this.#instanceAt = Infinity;
      this.#place(now);
    }
    for (const task of this.#live) {
      if (task.state === STARTING && task.readyAt <= now) this.#ready(task);
      if (task.state === LEAVING && task.killedAt <= now) killed.push(task.id);
      if (task.state === STARTING) this.#remind(task.readyAt);
      if (task.state === LEAVING) this.#remind(task.killedAt);
    }
    this.#remind(this.#instanceAt);
    return killed;
  }

  /** Asks for so many tasks. */
  scaleTo(desired: number, now: number): void {
    if (desired > this.staying) {
      if (this.#removal === 'drain') this.#stay(desired - this.staying);
      while (this.staying < desired) this.#launch();
      this.#place(now);
    } else if (desired < this.staying) {
      for (const task of this.#victims(this.staying - desired)) this.#leave(task, now);
    }
    this.#place(now);
  }

  /** A task with a free slot, which is busy from now on. Call only while there is one. */
  occupy(): number {
    const at = Math.floor(this.#random.uniform() * this.#free.length);
    const id = this.#free[at] ?? 0;
    this.#free[at] = this.#free.at(-1) ?? 0;
    this.#free.pop();
    const task = this.#byId.get(id);
    if (task !== undefined) task.busy += 1;
    this.busySlots += 1;
    return id;
  }

  /** Whether the task takes another job into the slot that has just ended one. */
  takesJobs(id: number): boolean {
    return this.#byId.get(id)?.state === RUNNING;
  }

  /** A slot has no job any more. */
  vacate(id: number, now: number): void {
    const task = this.#byId.get(id);
    if (task === undefined) return;
    task.busy -= 1;
    this.busySlots -= 1;
    if (task.state === RUNNING) this.#free.push(id);
    else if (task.state === LEAVING && task.busy === 0) this.#gone(task, now);
  }

  /** Ends a task whatever it does. */
  kill(id: number, now: number): void {
    const task = this.#byId.get(id);
    if (task === undefined) return;
    this.busySlots -= task.busy;
    task.busy = 0;
    this.#gone(task, now);
  }

  /** Ends everything and closes the bill. */
  close(now: number): void {
    for (const task of this.#live) this.#gone(task, now);
  }

  #remind(at: number): void {
    if (at < this.#due) this.#due = at;
  }

  #launch(): void {
    this.#lastId += 1;
    const task = {
      id: this.#lastId,
      state: WAITING,
      busy: 0,
      launchedAt: NaN,
      readyAt: Infinity,
      killedAt: Infinity,
    };
    this.#live.push(task);
    this.#byId.set(task.id, task);
    this.starting += 1;
  }

  #place(now: number): void {
    const { pool } = this.#scenario;
    let room = pool === undefined ? Infinity : this.#instances * pool.tasksPerInstance - this.billedTasks;
    for (const task of this.#live) {
      if (task.state !== WAITING) continue;
      if (room < 1) {
        this.#askForInstance(now);
        break;
      }
      room -= 1;
      task.state = STARTING;
      task.launchedAt = now;
      task.readyAt = now + this.#startup();
      this.#remind(task.readyAt);
    }
    this.peak = Math.max(this.peak, this.billedTasks);
  }

  #askForInstance(now: number): void {
    const { pool } = this.#scenario;
    if (pool === undefined || this.#instances >= pool.maxInstances || this.#instanceAt !== Infinity) return;
    this.#instanceAt = now + pool.instanceStartupSeconds;
    this.#remind(this.#instanceAt);
  }

  #startup(): number {
    const { startupSeconds, startupSigma, slowStarts } = this.#scenario;
    const draw = startupSeconds * Math.exp(startupSigma * this.#random.normal());
    if (slowStarts === undefined || this.#random.uniform() >= slowStarts.share) return draw;
    return draw * slowStarts.factor;
  }

  #ready(task: Task): void {
    task.state = RUNNING;
    this.starting -= 1;
    this.running += 1;
    for (let slot = 0; slot < this.#scenario.slots; slot += 1) this.#free.push(task.id);
    this.#startups.push(task.readyAt - task.launchedAt);
    if (this.#startups.length > STARTUPS_KEPT) this.#startups.shift();
    const sorted = this.#startups.toSorted((left, right) => left - right);
    this.#startupP90 = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.9))] ?? NaN;
  }

  /** Leaving tasks that may stay after all, the busiest first: cheaper than new ones. */
  #stay(count: number): void {
    const leaving = this.#live
      .filter(({ state, killedAt }) => state === LEAVING && killedAt === Infinity)
      .toSorted((left, right) => right.busy - left.busy);
    for (const task of leaving.slice(0, count)) {
      task.state = RUNNING;
      this.leaving -= 1;
      this.running += 1;
      for (let slot = task.busy; slot < this.#scenario.slots; slot += 1) this.#free.push(task.id);
    }
  }

  #victims(count: number): readonly Task[] {
    const staying = this.#live.filter(({ state }) => state < LEAVING);
    if (this.#removal !== 'drain') {
      const drawn = staying.map((task) => ({ task, at: this.#random.uniform() }));
      return drawn
        .toSorted((left, right) => left.at - right.at)
        .slice(0, count)
        .map(({ task }) => task);
    }
    // Those that do not work yet first, the youngest of them first; then the least busy.
    const order = ({ state, busy, readyAt }: Task): number =>
      state === WAITING ? -2e12 : state === STARTING ? -1e12 - readyAt : busy;
    return staying.toSorted((left, right) => order(left) - order(right)).slice(0, count);
  }

  #leave(task: Task, now: number): void {
    if (task.state === RUNNING) {
      this.running -= 1;
      this.#free = this.#free.filter((id) => id !== task.id);
    } else {
      this.starting -= 1;
    }
    task.state = LEAVING;
    this.leaving += 1;
    if (this.#removal !== 'drain') {
      task.killedAt = now + this.#removal.graceSeconds;
      this.#remind(task.killedAt);
    }
    if (task.busy === 0) this.#gone(task, now);
  }

  #gone(task: Task, now: number): void {
    if (task.state === RUNNING) {
      this.running -= 1;
      this.#free = this.#free.filter((id) => id !== task.id);
    } else if (task.state === LEAVING) this.leaving -= 1;
    else this.starting -= 1;
    task.state = GONE;
    this.#live = this.#live.filter((each) => each !== task);
    this.#byId.delete(task.id);
    if (!Number.isNaN(task.launchedAt))
      this.#billed += Math.max(this.#scenario.minBilledSeconds, now - task.launchedAt);
  }

  /** A lost task leaves with two minutes' notice and another takes its place. */
  #loseToSpot(now: number): void {
    const perSecond = (this.#scenario.spotLossesPerTaskHour ?? 0) / 3_600;
    const lost = this.#live.filter(({ state }) => state === RUNNING && this.#random.uniform() < perSecond);
    for (const task of lost) {
      const isDraining = this.#removal === 'drain';
      this.#leave(task, now);
      if (task.state === LEAVING && isDraining) {
        task.killedAt = now + SPOT_NOTICE_SECONDS;
        this.#remind(task.killedAt);
      }
      this.#launch();
    }
    if (lost.length > 0) this.#place(now);
  }
}
