/**
 * Which job may start: by the slots and the memory that it costs, and by what runs already.
 *
 * A job starts when its slots are free and its memory fits beside what is used, or promised to jobs that run, whichever
 * is more. A job that is heavier than everything runs alone, so none starves; light jobs may overtake a heavy one that
 * waits, but only as many as there are slots, then the line stands until it has started. The decision is pure;
 * `capacity` adds the line.
 */
import { LongshoreError, type Clock, type JobCost, type Timer } from '@longshore/job';
import type { MemoryFacts } from './read-memory.ts';

/** What a decision is made from. */
export interface CapacityFacts {
  readonly slots: number;
  /** Jobs that run. */
  readonly running: number;
  /** Their slots. */
  readonly usedSlots: number;
  /** The limit less the reserve. */
  readonly budgetBytes: number;
  readonly usedBytes: number;
  /** What the idle worker uses, plus the declared memory of the jobs that run. */
  readonly promisedBytes: number;
}

const MIB = 1_048_576;

/** Whether a job may start beside what runs. */
export function mayStart({ slots, memoryMiB }: JobCost, facts: CapacityFacts): boolean {
  if (facts.running === 0) return true;
  if (facts.usedSlots + slots > facts.slots) return false;
  return Math.max(facts.usedBytes, facts.promisedBytes) + memoryMiB * MIB <= facts.budgetBytes;
}

/**
 * The index of the job that starts next, out of those that wait in the order of their arrival; `undefined` when none may.
 * `overtakes` counts the jobs that started before the first one since that is the first.
 */
export function nextToStart(
  waiting: readonly JobCost[],
  facts: CapacityFacts,
  overtakes: number,
): number | undefined {
  const isHeld = overtakes >= facts.slots;
  const index = waiting.slice(0, isHeld ? 1 : undefined).findIndex((cost) => mayStart(cost, facts));
  return index < 0 ? undefined : index;
}

/** What a {@link capacity} needs. */
export interface CapacityOptions {
  readonly slots: number;
  readonly clock: Clock;
  readonly readMemory: () => MemoryFacts;
  /** Memory kept free for what no job declares. Default: a tenth of the limit, at least 32 MiB. */
  readonly reserveMiB?: number;
}

/** Slots and memory of one worker. */
export interface Capacity {
  /** Slots that neither a job has nor one waits for: how much more work may be fetched. */
  readonly freeSlots: number;
  /** Jobs that wait. */
  readonly waiting: number;
  /**
   * Waits until the job may start. Resolves with what to call when it has ended (a second call does nothing), or with
   * `undefined` when the signal aborts first.
   */
  enter(cost: JobCost, signal: AbortSignal): Promise<(() => void) | undefined>;
}

interface Waiting {
  readonly cost: JobCost;
  readonly start: () => void;
}

const RESERVE_SHARE = 0.1;
const MIN_RESERVE_BYTES = 32 * MIB;
/** Memory is read at most this often: many small jobs a second do not each cost a few system calls. */
const SAMPLE_MS = 100;
/** Memory may become free without a job ending, by a garbage collection for instance. */
const RECHECK_MS = 1_000;

/**
 * The capacity of a worker.
 *
 * @throws LongshoreError `invalid_options`
 */
export function capacity(options: CapacityOptions): Capacity {
  const { slots, reserveMiB = 0 } = options;
  if (!Number.isInteger(slots) || slots < 1)
    throw new LongshoreError('invalid_options', `slots is ${slots}, expected a whole number from 1`);
  if (!(reserveMiB >= 0))
    throw new LongshoreError('invalid_options', `reserveMiB is ${reserveMiB}, expected 0 or more`);
  return new Line(options);
}

class Line implements Capacity {
  readonly #options: CapacityOptions;
  readonly #waiting: Waiting[] = [];
  #running = 0;
  #usedSlots = 0;
  #declaredBytes = 0;
  #overtakes = 0;
  /** The least that was used while nothing ran. */
  #idleBytes = Infinity;
  #memory: { readonly facts: MemoryFacts; readonly atMs: number } | undefined;
  #timer: Timer | undefined;

  constructor(options: CapacityOptions) {
    this.#options = options;
  }

  get freeSlots(): number {
    const wanted = this.#waiting.reduce((sum, { cost }) => sum + cost.slots, 0);
    return Math.max(0, this.#options.slots - this.#usedSlots - wanted);
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  enter(cost: JobCost, signal: AbortSignal): Promise<(() => void) | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const giveUp = (): void => {
        this.#remove(waiting);
        resolve(undefined);
        // Who was held back by this one may start.
        this.#startWhatMay();
      };
      const waiting: Waiting = {
        cost,
        start: () => {
          signal.removeEventListener('abort', giveUp);
          resolve(this.#begin(cost));
        },
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.push(waiting);
      this.#startWhatMay();
    });
  }

  #startWhatMay(): void {
    while (this.#waiting.length > 0) {
      const costs = this.#waiting.map(({ cost }) => cost);
      const index = nextToStart(costs, this.#facts(), this.#overtakes);
      const next = index === undefined ? undefined : this.#waiting[index];
      if (next === undefined) break;
      this.#remove(next);
      if (index !== 0) this.#overtakes += 1;
      next.start();
    }
    this.#recheckLater();
  }

  #remove(waiting: Waiting): void {
    const index = this.#waiting.indexOf(waiting);
    if (index === 0) this.#overtakes = 0;
    if (index >= 0) this.#waiting.splice(index, 1);
  }

  #begin(cost: JobCost): () => void {
    this.#running += 1;
    this.#usedSlots += cost.slots;
    this.#declaredBytes += cost.memoryMiB * MIB;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#running -= 1;
      this.#usedSlots -= cost.slots;
      this.#declaredBytes -= cost.memoryMiB * MIB;
      this.#startWhatMay();
    };
  }

  #facts(): CapacityFacts {
    const { limitBytes, usedBytes } = this.#sample();
    if (this.#running === 0) this.#idleBytes = Math.min(this.#idleBytes, usedBytes);
    const { reserveMiB, slots } = this.#options;
    const reserveBytes =
      reserveMiB === undefined ? Math.max(MIN_RESERVE_BYTES, limitBytes * RESERVE_SHARE) : reserveMiB * MIB;
    return {
      slots,
      running: this.#running,
      usedSlots: this.#usedSlots,
      budgetBytes: limitBytes - reserveBytes,
      usedBytes,
      promisedBytes: this.#idleBytes + this.#declaredBytes,
    };
  }

  #sample(): MemoryFacts {
    const { clock, readMemory } = this.#options;
    const nowMs = clock.nowMs();
    if (this.#memory === undefined || nowMs - this.#memory.atMs >= SAMPLE_MS)
      this.#memory = { facts: readMemory(), atMs: nowMs };
    return this.#memory.facts;
  }

  #recheckLater(): void {
    this.#timer?.cancel();
    this.#timer =
      this.#waiting.length === 0
        ? undefined
        : this.#options.clock.after(RECHECK_MS, () => this.#startWhatMay());
  }
}
