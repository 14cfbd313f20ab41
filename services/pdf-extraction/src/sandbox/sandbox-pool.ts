/**
 * A pool of sandboxed children: one document at a time per child, as many children as slots, a fresh child after any
 * failure.
 *
 * Invariants: a document is failed only by what its own child did; a child that was killed or failed is never used again;
 * waiting documents are served in order.
 */
import { LongshoreError } from '@longshore/job';
import { runDocument, type DocumentRunOptions } from './document-run.ts';
import { launchCommand, type SandboxEngine } from './launch-command.ts';
import { sandboxLimits, type SandboxLimits } from './limits.ts';
import { describeExit, isForeignSignal } from './child-exit.ts';
import type { ReadPage } from './messages.ts';
import { failed, type EngineId, type SandboxOutcome } from './outcome.ts';
import { processUsage } from './process-usage.ts';
import { SandboxChild } from './sandbox-child.ts';
import { Slots } from './slots.ts';

/** Options of {@link sandboxPool}. */
export interface SandboxPoolOptions {
  readonly engine: SandboxEngine;
  /** Documents at a time, and so children. At least 1. */
  readonly slots: number;
  readonly limits?: Partial<SandboxLimits>;
  /** Documents that one child takes before it gives way to a fresh one. Default 2,000. */
  readonly documentsPerChild?: number;
  /** Resident memory after a document above which a child gives way: WebAssembly never gives memory back. Default 256 MiB. */
  readonly recycleAboveBytes?: number;
  /** Whether a child that ended is replaced at once, not by the next document. Default true. */
  readonly keepWarm?: boolean;
}

/** Options of one extraction. */
export interface SandboxRunOptions {
  readonly password?: string;
  /** Ends the wait or the extraction; the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Numbers of the pages that are wanted. Default all. */
  readonly pages?: readonly number[];
  /** Told of each page as it comes, before it is known how the document ends. */
  readonly onPage?: (page: ReadPage) => void;
}

/** A pool. Nothing runs before the first document or {@link SandboxPool.warmUp}. */
export interface SandboxPool extends AsyncDisposable {
  readonly limits: SandboxLimits;
  /**
   * Extracts a document; never rejects for what the document is or does.
   *
   * @throws LongshoreError `engine_crashed` (retryable) when no child can be started, `closed` after `close`
   */
  run(bytes: Uint8Array, options?: SandboxRunOptions): Promise<SandboxOutcome>;
  /** Starts all children, and resolves when they are ready. @throws LongshoreError `engine_crashed` when one cannot start */
  warmUp(): Promise<void>;
  /** Process ids of the living children. */
  pids(): readonly number[];
  /** Kills all children; documents under way reject with `closed`. Idempotent. */
  close(): Promise<void>;
}

/** A fresh child compiles for a hundred documents what an old one has compiled: half a second of the processor. */
const DOCUMENTS_PER_CHILD = 2_000;
const RECYCLE_ABOVE_BYTES = 268_435_456;
/** A document whose child was ended by somebody else is tried once more. */
const RUNS = 2;

/** Makes a pool. @throws LongshoreError `invalid_options` */
export function sandboxPool(options: SandboxPoolOptions): SandboxPool {
  return new Pool(options);
}

class Pool implements SandboxPool {
  readonly limits: SandboxLimits;
  readonly #options: SandboxPoolOptions;
  readonly #slots: Slots;
  readonly #idle: SandboxChild[] = [];
  readonly #living = new Set<SandboxChild>();
  readonly #closing = new AbortController();

  constructor(options: SandboxPoolOptions) {
    if (!Number.isInteger(options.slots) || options.slots < 1) {
      throw new LongshoreError(
        'invalid_options',
        `Cannot make a sandbox pool: slots is ${options.slots}, expected a whole number from 1`,
      );
    }
    this.limits = sandboxLimits(options.limits);
    this.#options = options;
    this.#slots = new Slots(options.slots);
  }

  async run(bytes: Uint8Array, options: SandboxRunOptions = {}): Promise<SandboxOutcome> {
    const { signal, password, pages, onPage } = options;
    const ended =
      signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
    await this.#slots.take(ended);
    try {
      const run = {
        limits: this.limits,
        message: {
          ...(password === undefined ? {} : { password }),
          ...(pages === undefined ? {} : { pages }),
        },
        signal: ended,
        ...(onPage === undefined ? {} : { onPage }),
      };
      let outcome = await this.#runOnce(bytes, run);
      for (
        let again = 2;
        again <= RUNS && outcome.kind === 'failed' && outcome.blame === 'others';
        again += 1
      ) {
        outcome = await this.#runOnce(bytes, run);
      }
      return outcome;
    } finally {
      this.#slots.give();
    }
  }

  async warmUp(): Promise<void> {
    this.#closing.signal.throwIfAborted();
    while (this.#living.size < this.#slots.size) this.#idle.push(this.#start());
    await Promise.all([...this.#living].map((child) => child.ready));
  }

  pids(): readonly number[] {
    return [...this.#living].flatMap((child) => (child.pid === undefined ? [] : [child.pid]));
  }

  async close(): Promise<void> {
    this.#closing.abort(new LongshoreError('closed', 'The sandbox pool is closed'));
    for (const child of this.#living) child.kill();
    await Promise.all([...this.#living].map((child) => child.exited));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #runOnce(
    bytes: Uint8Array,
    run: Omit<DocumentRunOptions, 'engine'> & { readonly signal: AbortSignal },
  ): Promise<SandboxOutcome> {
    const child = this.#takeChild();
    let isSound = false;
    try {
      const engine = await readyOrAborted(child, run.signal);
      if ('kind' in engine) return engine;
      const outcome = await runDocument(child, bytes, { engine, ...run });
      // A refusal is an engine's ordinary answer; anything else may have left it in any state.
      isSound = outcome.kind === 'ok' || outcome.code === 'encrypted' || outcome.code === 'corrupt';
      return outcome;
    } finally {
      this.#giveChild(child, isSound);
    }
  }

  #takeChild(): SandboxChild {
    for (let child = this.#idle.pop(); child !== undefined; child = this.#idle.pop()) {
      if (!child.hasExited) return child;
    }
    return this.#start();
  }

  #giveChild(child: SandboxChild, isSound: boolean): void {
    const {
      documentsPerChild = DOCUMENTS_PER_CHILD,
      recycleAboveBytes = RECYCLE_ABOVE_BYTES,
      keepWarm = true,
    } = this.#options;
    const residentBytes = child.pid === undefined ? 0 : (processUsage(child.pid)?.residentBytes ?? 0);
    if (
      isSound &&
      !child.hasExited &&
      child.documents < documentsPerChild &&
      residentBytes <= recycleAboveBytes
    ) {
      this.#idle.push(child);
      return;
    }
    child.kill();
    // A child that cannot even start would be replaced for ever.
    if (keepWarm && child.documents > 0 && !this.#closing.signal.aborted) this.#idle.push(this.#start());
  }

  #start(): SandboxChild {
    const command = launchCommand(this.#options.engine, this.limits.memoryBytes);
    const child = new SandboxChild({ command, maxMessageBytes: this.limits.textBytes });
    this.#living.add(child);
    void child.exited.then(() => this.#living.delete(child));
    return child;
  }
}

/**
 * The engine of a child that is ready. A start that hangs is ended by the caller's signal only: on a starved machine it
 * may take seconds. A start that is shot down by a signal fails this run alone; one that exits is a broken installation.
 */
async function readyOrAborted(child: SandboxChild, signal: AbortSignal): Promise<EngineId | SandboxOutcome> {
  const abort = (): void => child.kill();
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (signal.aborted) abort();
    return await child.ready;
  } catch (error) {
    signal.throwIfAborted();
    const exit = await child.exited;
    if (exit.signal === null) throw error;
    const outcome = failed(
      'engine_crashed',
      `The engine's process ended while it started (${describeExit(exit)})`,
    );
    return { ...outcome, blame: isForeignSignal(exit.signal) ? 'others' : 'start' };
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
