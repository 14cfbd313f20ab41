/**
 * The port through which a worker asks that its task is spared by scale-in and deployments while it has jobs.
 *
 * A worker says `busy` and `idle`, as often as it likes; whoever implements the port decides when that is worth a call.
 * Nothing here ever throws into the worker: what went wrong is a state and a count.
 */

/**
 * What is known of the protection.
 *
 * - `protected`: granted, and its end has not come.
 * - `unprotected`: not asked for, or given up.
 * - `denied`: asked for and refused, for instance while a deployment is blocked or without the permission.
 * - `unreachable`: asked for, and no answer that says yes or no.
 */
export type ProtectionState = 'protected' | 'unprotected' | 'denied' | 'unreachable';

/** What was done since the start; never falls. */
export interface ProtectionCounts {
  /** Calls sent, repetitions included. */
  readonly calls: number;
  /** Protections granted, renewals included. */
  readonly granted: number;
  /** Calls that were refused. */
  readonly denied: number;
  /** Calls without an answer that says yes or no: time-outs, throttling, a dead agent. */
  readonly failed: number;
}

/** Keeps a task from being stopped while it has jobs. */
export interface TaskProtection extends AsyncDisposable {
  /** The worker has at least one job. May be called again and again; only the change matters. */
  busy(): void;
  /** The worker has no job. The protection is given up a moment later, unless work comes. */
  idle(): void;
  readonly state: ProtectionState;
  readonly counts: ProtectionCounts;
  /**
   * Waits until the task is protected. Call it after `busy()` and before a job that takes longer than the platform
   * waits between SIGTERM and SIGKILL; on `false` give the job back, because nothing would let it end.
   *
   * Resolves `true` as soon as the task is protected, `false` as soon as it is known that it will not be, at the latest
   * after `deadlineMs`. Right after a refusal it resolves `false` without a further call.
   */
  protectedBefore(options: { readonly deadlineMs: number }): Promise<boolean>;
  /** Gives the protection up and ends all calls and timers. Idempotent. */
  close(): Promise<void>;
}
