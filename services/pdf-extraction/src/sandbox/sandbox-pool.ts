/**
 * A pool of sandboxed children: each reads one document at a time, and is replaced after any failure.
 *
 * A child that is soon done is handed the next document ahead, which waits in its pipe: a process that falls asleep between
 * two documents needs an eighth more of the processor's time for them.
 *
 * Invariants: a document is failed only by what its own child did while it read that document; a child that was killed or
 * failed is never used again; waiting documents are served in order.
 */
import { LongshoreError } from '@longshore/job';
import type { DrawOptions } from '../engine.ts';
import type { PageRange } from '../page-ranges.ts';
import { runDocument, type DocumentRunOptions, type RunEnd } from './document-run.ts';
import { launchCommand, type SandboxEngine } from './launch-command.ts';
import { sandboxLimits, type SandboxLimits } from './limits.ts';
import { describeExit, isForeignSignal } from './child-exit.ts';
import type { ReadPage } from './messages.ts';
import { failed, type EngineId, type SandboxOutcome } from './outcome.ts';
import { processUsage } from './process-usage.ts';
import { SandboxChild } from './sandbox-child.ts';

/** Options of {@link sandboxPool}. */
export interface SandboxPoolOptions {
  readonly engine: SandboxEngine;
  /** Child processes, and so documents that are read at a time. At least 1. */
  readonly children: number;
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
  /** Pages that are wanted, in order. Default all. */
  readonly pages?: readonly PageRange[];
  /** Whether pages come with their text as the engine gave it. Default false. */
  readonly keepOriginal?: boolean;
  /** A page that is wanted as an image, and nothing else. Default none. */
  readonly image?: DrawOptions;
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
/** A document is handed ahead when this much is left of the one before: a quarter of a second, as pages usually are. */
const PAGES_LEFT = 50;
/** Larger documents wait here, not in the memory of a child that another document is charged for. */
const AHEAD_BYTES = 4_194_304;

/** A child as the pool sees it. */
interface Lane {
  readonly child: SandboxChild;
  /** Documents that it has to read, the one that it reads included: none, one, or one more that was handed ahead. */
  documents: number;
  /** Whether it gives way to a fresh child after those. */
  isWorn: boolean;
}

interface Waiting {
  readonly bytes: number;
  readonly take: (lane: Lane) => void;
}

/** Makes a pool. @throws LongshoreError `invalid_options` */
export function sandboxPool(options: SandboxPoolOptions): SandboxPool {
  return new Pool(options);
}

class Pool implements SandboxPool {
  readonly limits: SandboxLimits;
  readonly #options: SandboxPoolOptions;
  readonly #waiting: Waiting[] = [];
  /** Those that take documents. */
  readonly #lanes = new Set<Lane>();
  /** Also those that were killed and are not gone yet. */
  readonly #living = new Set<SandboxChild>();
  readonly #closing = new AbortController();

  constructor(options: SandboxPoolOptions) {
    if (!Number.isInteger(options.children) || options.children < 1) {
      throw new LongshoreError(
        'invalid_options',
        `Cannot make a sandbox pool: children is ${options.children}, expected a whole number from 1`,
      );
    }
    this.limits = sandboxLimits(options.limits);
    this.#options = options;
  }

  async run(bytes: Uint8Array, options: SandboxRunOptions = {}): Promise<SandboxOutcome> {
    const { signal, password, pages, keepOriginal, image, onPage } = options;
    const ended =
      signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
    const run = {
      limits: this.limits,
      message: {
        ...(password === undefined ? {} : { password }),
        ...(pages === undefined ? {} : { pages }),
        ...(keepOriginal === undefined ? {} : { keepOriginal }),
        ...(image === undefined ? {} : { image }),
      },
      signal: ended,
      ...(onPage === undefined ? {} : { onPage }),
    };
    let runs = 0;
    let isAgain = false;
    for (;;) {
      const lane = await this.#lane(bytes.length, ended, isAgain);
      const end = await this.#runOn(lane, bytes, run);
      isAgain = true;
      // The document before it took the child with it: that is no try of this one.
      if (end.kind === 'unstarted') continue;
      runs += 1;
      if (end.kind !== 'failed' || end.blame !== 'others' || runs === RUNS) return end;
    }
  }

  async warmUp(): Promise<void> {
    this.#closing.signal.throwIfAborted();
    while (this.#lanes.size < this.#options.children) this.#start();
    await Promise.all([...this.#lanes].map(({ child }) => child.ready));
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

  /** Waits for a place on a child. A document that has waited before goes first. */
  async #lane(bytes: number, signal: AbortSignal, isAgain: boolean): Promise<Lane> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Lane>();
    const waiting: Waiting = { bytes, take: resolve };
    const abort = (): void => {
      const place = this.#waiting.indexOf(waiting);
      // Not waiting any more: the lane is ours already, and the caller gives it back.
      if (place < 0) return;
      this.#waiting.splice(place, 1);
      reject(signal.reason as Error);
    };
    if (isAgain) this.#waiting.unshift(waiting);
    else this.#waiting.push(waiting);
    signal.addEventListener('abort', abort, { once: true });
    this.#dispatch();
    return promise.finally(() => signal.removeEventListener('abort', abort));
  }

  #dispatch(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const lane = this.#freeLane(next.bytes);
      if (lane === undefined) return;
      this.#waiting.shift();
      lane.documents += 1;
      next.take(lane);
    }
  }

  #freeLane(bytes: number): Lane | undefined {
    const lanes = [...this.#lanes].filter(({ child }) => !child.isKilled && !child.hasExited);
    const idle = lanes.find(({ documents }) => documents === 0);
    if (idle !== undefined) return idle;
    if (lanes.length < this.#options.children) return this.#start();
    return lanes.find((lane) => this.#takesAhead(lane, bytes));
  }

  #takesAhead({ child, documents, isWorn }: Lane, bytes: number): boolean {
    const { documentsPerChild = DOCUMENTS_PER_CHILD } = this.#options;
    return (
      documents === 1 &&
      !isWorn &&
      child.documents < documentsPerChild &&
      bytes <= AHEAD_BYTES &&
      child.pagesLeft !== undefined &&
      child.pagesLeft <= PAGES_LEFT
    );
  }

  async #runOn(
    lane: Lane,
    bytes: Uint8Array,
    run: Omit<DocumentRunOptions, 'engine'> & { readonly signal: AbortSignal },
  ): Promise<RunEnd> {
    const { child } = lane;
    try {
      // Not on the child: it may be reading another document.
      run.signal.throwIfAborted();
      const engine = await readyOrAborted(child, run.signal);
      return 'kind' in engine ? engine : await runDocument(child, bytes, { engine, ...run });
    } finally {
      this.#give(lane);
    }
  }

  #give(lane: Lane): void {
    const {
      documentsPerChild = DOCUMENTS_PER_CHILD,
      recycleAboveBytes = RECYCLE_ABOVE_BYTES,
      keepWarm = true,
    } = this.#options;
    const { child } = lane;
    lane.documents -= 1;
    const residentBytes = child.pid === undefined ? 0 : (processUsage(child.pid)?.residentBytes ?? 0);
    lane.isWorn ||= child.documents >= documentsPerChild || residentBytes > recycleAboveBytes;
    if (child.isKilled || child.hasExited || (lane.isWorn && lane.documents === 0)) {
      child.kill();
      // A child that cannot even start would be replaced for ever.
      if (this.#lanes.delete(lane) && keepWarm && child.documents > 0 && !this.#closing.signal.aborted)
        this.#start();
    }
    this.#dispatch();
  }

  #start(): Lane {
    const command = launchCommand(this.#options.engine, this.limits.memoryBytes);
    const child = new SandboxChild({
      command,
      maxMessageBytes: this.limits.textBytes,
      onProgress: () => this.#dispatch(),
    });
    const lane: Lane = { child, documents: 0, isWorn: false };
    this.#living.add(child);
    this.#lanes.add(lane);
    void child.exited.then(() => {
      this.#living.delete(child);
      // One that has documents is given back by them.
      if (lane.documents === 0) this.#lanes.delete(lane);
    });
    return lane;
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
