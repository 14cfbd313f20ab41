/**
 * A process that can die at any await, or freeze and go on later. Code inside sees the world through it only: its
 * timers, what it sends and what it is answered. Between two of these it runs promise reactions alone, which nothing
 * outside can see, so a fault at one of these is a fault at any await.
 */
import type { Clock, Timer } from '@longshore/job';
import type { VirtualTime } from './virtual-time.ts';

/** What happens to a process at its `atStep`th step. */
export interface ArmedFault {
  readonly atStep: number;
  readonly kind: 'crash' | 'freeze';
  /** Of a freeze. */
  readonly forMs: number;
}

/** One process. */
export interface SimulatedProcess {
  readonly name: string;
  readonly clock: Clock;
  readonly isDead: boolean;
  readonly isFrozen: boolean;
  /** It is dead or frozen, or is about to be. */
  readonly isBusyWithFault: boolean;
  /** When it last went on after a freeze. */
  readonly thawedAtMs: number;
  /** Its worker's `stop` has resolved: it must be quiet. */
  isStopped: boolean;
  /** Runs something of the process: now, after its freeze, or never. */
  deliver(callback: () => void): void;
  /** Lets something leave the process: now, after its freeze, or never. */
  emit(callback: () => void): void;
  arm(fault: ArmedFault): void;
  /** Takes back what was armed and has not struck; `false` when there is nothing. */
  disarm(): boolean;
  freeze(forMs: number): void;
  /** Ends it, as `kill -9` or an exit do. */
  end(reason: string): void;
}

/** Told about what happens to a process. */
export interface ProcessEvents {
  readonly onFrozen: (process: SimulatedProcess, forMs: number) => void;
  readonly onThawed: (process: SimulatedProcess) => void;
  readonly onEnded: (process: SimulatedProcess, reason: string) => void;
}

/** Starts a process. */
export function simulatedProcess(name: string, time: VirtualTime, events: ProcessEvents): SimulatedProcess {
  return new Process(name, time, events);
}

class Process implements SimulatedProcess {
  readonly name: string;
  readonly clock: Clock;
  isDead = false;
  isFrozen = false;
  isStopped = false;
  thawedAtMs = Number.NEGATIVE_INFINITY;
  readonly #time: VirtualTime;
  readonly #events: ProcessEvents;
  #held: (() => void)[] = [];
  #armed: ArmedFault | undefined;
  #steps = 0;

  constructor(name: string, time: VirtualTime, events: ProcessEvents) {
    this.name = name;
    this.#time = time;
    this.#events = events;
    this.clock = { nowMs: time.nowMs, after: (delayMs, callback) => this.#after(delayMs, callback) };
  }

  get isBusyWithFault(): boolean {
    return this.isDead || this.isFrozen || this.#armed !== undefined;
  }

  deliver(callback: () => void): void {
    this.#step();
    if (this.isDead) return;
    if (this.isFrozen) this.#held.push(() => this.deliver(callback));
    else callback();
  }

  emit(callback: () => void): void {
    this.#step();
    if (this.isDead) return;
    if (this.isFrozen) this.#held.push(() => this.emit(callback));
    else callback();
    this.#step();
  }

  arm(fault: ArmedFault): void {
    this.#armed = { ...fault, atStep: this.#steps + fault.atStep };
  }

  disarm(): boolean {
    const isArmed = this.#armed !== undefined;
    this.#armed = undefined;
    return isArmed;
  }

  freeze(forMs: number): void {
    if (this.isDead || this.isFrozen) return;
    this.isFrozen = true;
    this.#events.onFrozen(this, forMs);
    this.#time.after(forMs, () => this.#thaw());
  }

  end(reason: string): void {
    if (this.isDead) return;
    this.isDead = true;
    this.#held = [];
    this.#events.onEnded(this, reason);
  }

  #after(delayMs: number, callback: () => void): Timer {
    let isCancelled = false;
    const timer = this.#time.after(delayMs, () =>
      this.deliver(() => {
        if (!isCancelled) callback();
      }),
    );
    return {
      cancel() {
        isCancelled = true;
        timer.cancel();
      },
    };
  }

  /** What waited comes one by one in its order, with promise reactions between, as after a SIGCONT. */
  #thaw(): void {
    if (this.isDead) return;
    this.isFrozen = false;
    this.thawedAtMs = this.#time.nowMs();
    this.#events.onThawed(this);
    for (const callback of this.#held) this.#time.after(0, callback);
    this.#held = [];
  }

  #step(): void {
    this.#steps += 1;
    const fault = this.#armed;
    if (fault === undefined || this.#steps < fault.atStep || this.isFrozen || this.isDead) return;
    this.#armed = undefined;
    if (fault.kind === 'crash') this.end('crash');
    else this.freeze(fault.forMs);
  }
}
