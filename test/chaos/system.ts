/** A job system under test: how its queue is opened, filled and read at the end. Its workers are a program of its own. */
import type { Dice } from './dice.ts';
import type { FaultProxy } from './fault-proxy.ts';
import type { Task } from './task.ts';

/** A system, configured. */
export interface System {
  readonly name: string;
  /** How it is configured, in words. */
  readonly settings: string;
  /** The program of a worker process. */
  readonly fixture: URL;
  /** How long it may take from the last fault until nothing is left to do. */
  readonly drainMs: number;
  open(options: { readonly folder: string; readonly dice: Dice }): Promise<Arena>;
}

/** A job that the system gave up. */
export interface DeadTask {
  readonly n: number;
  readonly code: string;
  readonly reason: string;
  /** Attempts that the system says failed. */
  readonly failedAttempts: number;
}

/** A system's queue during one soak. */
export interface Arena extends AsyncDisposable {
  /** The network between the workers and the queue, where there is a faulty one. */
  readonly proxy?: FaultProxy;
  /** Kills the endpoint and starts it again after a while. */
  restart?(afterMs: number): Promise<void>;
  envOf(place: number): Readonly<Record<string, string>>;
  /** Resolves when the queue has them all; what it did not take is sent again under the same id. */
  enqueue(tasks: readonly Task[]): Promise<void>;
  counts(): Promise<{
    /** Jobs that could run now. */
    readonly waiting: number;
    /** Jobs that wait, run or are delayed. */
    readonly unfinished: number;
  }>;
  dead(): Promise<readonly DeadTask[]>;
}
