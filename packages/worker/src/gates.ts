/**
 * What stands between a message and its handler: the breaker (a dependency is down), solitude (it may kill its worker),
 * capacity (memory and slots that it costs) and task protection (it outlasts the stop timeout). Who is not let in gives
 * its job back; nobody waits here beyond a drain.
 */
import { nextDelayMs, retryPolicy, type Clock, type JobDefinition } from '@longshore/job';
import type { AdmittedJob } from './admission.ts';
import { breaker, type Breaker, type BreakerResult } from './breaker.ts';
import type { Cancellation } from './cancellation.ts';
import { capacity, type Capacity } from './capacity.ts';
import type { HandlerBinding } from './handler.ts';
import { readMemory } from './read-memory.ts';
import { solitude } from './solitude.ts';
import type { TaskProtection } from './task-protection.ts';

/** The gates of one session. */
export interface Gates {
  /** Whether a message may be started now, beside `busy` others. */
  mayStart(busy: number): boolean;
  /** How many messages may be received now at most. */
  readonly receivable: number;
  readonly breaker: Pick<Breaker, 'state' | 'openings'>;
  /** A message is started; call what it returns with what its end says. */
  begin(): (result: BreakerResult) => void;
  /** Whether nothing stands in the way of this job. */
  isOpenTo(job: AdmittedJob): boolean;
  /** Waits for all gates. Gives the job back that a gate refuses, or whose attempt is cancelled meanwhile. */
  enter(job: AdmittedJob, cancellation: Cancellation): Promise<Entered>;
  /** How many messages are started now. */
  changed(busy: number): void;
  /** Sends all who wait away; nobody is let in any more. */
  dismiss(): void;
}

/** Result of {@link Gates.enter}. */
export type Entered =
  | { readonly leave: () => void; readonly isAlone: boolean }
  | { readonly giveBackAfterMs: number };

/** Options of {@link openGates}. */
export interface GatesOptions {
  readonly slots: number;
  readonly bindings: ReadonlyMap<string, HandlerBinding>;
  readonly protection: TaskProtection | undefined;
  /** Jobs with a longer timeout run only under protection. */
  readonly protectAboveMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  /** More messages may be started or received. */
  readonly onOpen: () => void;
  readonly onBreaker: (state: Breaker['state']) => void;
}

/** The agent is asked three times in this time. */
const PROTECT_WITHIN_MS = 10_000;
/**
 * How long a suspect stays away while another one is alone, by how often it was received: soon back after a crash, when
 * most of its kind are good jobs that end quickly; seldom received where one of them ends worker after worker.
 */
const SUSPECT_DELAY = retryPolicy({ baseDelayMs: 4_000, maxDelayMs: 45_000 });
/** A refused job goes to a task that may be protected, or waits until this one may be. */
const UNPROTECTED_DELAY_MS = 15_000;

/** Gates, open. */
export function openGates(options: GatesOptions): Gates {
  return new SessionGates(options);
}

class SessionGates implements Gates {
  readonly #options: GatesOptions;
  readonly #solitude = solitude();
  readonly #breaker: Breaker;
  /** Only where a definition says what its jobs cost: all others fit where a slot is free. */
  readonly #capacity: Capacity | undefined;
  #isDismissed = false;
  #longJobs = 0;

  constructor(options: GatesOptions) {
    this.#options = options;
    const { clock, random, slots } = options;
    this.#breaker = breaker({
      clock,
      random,
      onChange: (state) => {
        options.onBreaker(state);
        options.onOpen();
      },
    });
    const definitions = [...options.bindings.values()].map(({ definition }) => definition);
    this.#capacity = definitions.some(isWeighed) ? capacity({ slots, clock, readMemory }) : undefined;
  }

  get breaker(): Pick<Breaker, 'state' | 'openings'> {
    return this.#breaker;
  }

  get receivable(): number {
    if (this.#solitude.isWanted) return 0;
    return this.#breaker.admits(this.#options.clock.nowMs());
  }

  mayStart(busy: number): boolean {
    return busy < this.#options.slots && this.receivable > 0;
  }

  begin(): (result: BreakerResult) => void {
    return this.#breaker.begin();
  }

  isOpenTo({ isSuspect, binding }: AdmittedJob): boolean {
    return !isSuspect && this.#capacity === undefined && !this.#needsProtection(binding);
  }

  async enter(job: AdmittedJob, cancellation: Cancellation): Promise<Entered> {
    if (this.#isDismissed) return { giveBackAfterMs: 0 };
    const leaves: (() => void)[] = [];
    const leave = (): void => {
      for (const each of leaves.toReversed()) each();
    };
    const giveBack = (giveBackAfterMs: number): Entered => {
      leave();
      return { giveBackAfterMs };
    };
    if (job.isSuspect) {
      if (!(await this.#solitude.enter()))
        return giveBack(nextDelayMs(SUSPECT_DELAY, job.message.receiveCount - 1, this.#options.random));
      leaves.push(() => this.#solitude.leave());
    }
    if (this.#capacity !== undefined) {
      const free = await this.#capacity.enter(job.binding.definition.cost, cancellation.signal);
      if (free === undefined) return giveBack(0);
      leaves.push(free);
    }
    const { protection } = this.#options;
    if (protection !== undefined && this.#needsProtection(job.binding)) {
      leaves.push(this.#protect(protection));
      if (!(await protection.protectedBefore({ deadlineMs: PROTECT_WITHIN_MS })))
        return giveBack(UNPROTECTED_DELAY_MS);
    }
    return cancellation.reason === undefined ? { leave, isAlone: job.isSuspect } : giveBack(0);
  }

  changed(busy: number): void {
    this.#solitude.changed(busy);
  }

  dismiss(): void {
    this.#isDismissed = true;
    this.#solitude.dismiss();
    this.#breaker.close();
  }

  #needsProtection({ definition }: HandlerBinding): boolean {
    const { protection, protectAboveMs } = this.#options;
    return protection !== undefined && definition.timeoutMs > protectAboveMs;
  }

  #protect(protection: TaskProtection): () => void {
    this.#longJobs += 1;
    if (this.#longJobs === 1) protection.busy();
    return () => {
      this.#longJobs -= 1;
      if (this.#longJobs === 0) protection.idle();
    };
  }
}

function isWeighed({ cost }: JobDefinition): boolean {
  return cost.slots !== 1 || cost.memoryMiB > 0;
}
