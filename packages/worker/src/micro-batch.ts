/**
 * A micro-batcher: items that come one by one are written together, and each waits for the outcome of its own. What
 * fails as a whole is halved until the poison item fails alone. Writes nothing twice, orders nothing, retries nothing:
 * an item that failed is its job's to try again.
 */
import { LongshoreError, systemClock, type Clock, type Timer } from '@longshore/job';
import { batchEntry, writeBatch, type BatchEntry, type WriteBatch } from './write-batch.ts';

/** Options of {@link microBatch}. */
export interface MicroBatchOptions<Item, Result> {
  /**
   * Writes a batch durably and resolves with one outcome per item, in their order. A rejection fails the batch as a
   * whole: nothing of it may have been kept then, or what was kept must be harmless to write again. `signal` aborts when
   * nobody waits for the batch any more.
   */
  readonly write: WriteBatch<Item, Result>;
  /** Most items of a batch. At least 1. Default 500: beyond it, what a batch saves per item is small. */
  readonly maxItems?: number;
  /** Most bytes of a batch by `sizeOf`; a larger item travels alone. Default 4 MiB. No limit without `sizeOf`. */
  readonly maxBytes?: number;
  /** Size of an item in bytes. */
  readonly sizeOf?: (item: Item) => number;
  /** How long the first item of a batch waits for company. Default 50 ms; 0 writes what came in one turn of the event loop. */
  readonly maxWaitMs?: number;
  /** Batches written at a time; what comes meanwhile gathers. Default 1, which keeps writers of one table from meeting. */
  readonly concurrency?: number;
  /**
   * Whether a rejection may be one item's fault, so that halving finds it. Default: unless it is a `LongshoreError` with
   * `retryable`, as of a store that is down.
   */
  readonly isDivisible?: (error: unknown) => boolean;
  readonly clock?: Clock;
}

/** Gathers items into batches. */
export interface MicroBatch<Item, Result> extends AsyncDisposable {
  /**
   * Resolves or rejects with the item's own outcome, after its batch was written. An item whose `signal` aborts before
   * that rejects with the signal's reason; one that is not being written yet is left out.
   *
   * @throws LongshoreError `closed` after `close`
   */
  add(item: Item, options?: { readonly signal?: AbortSignal }): Promise<Result>;
  /** Writes what waits now; resolves when nothing waits and nothing is being written. Never rejects. */
  flush(): Promise<void>;
  /** Takes no more items, and flushes. Idempotent. */
  close(): Promise<void>;
}

const DEFAULTS = { maxItems: 500, maxBytes: 4_194_304, maxWaitMs: 50, concurrency: 1 };

/** Makes a micro-batcher. @throws LongshoreError `invalid_options` */
export function microBatch<Item, Result>(options: MicroBatchOptions<Item, Result>): MicroBatch<Item, Result> {
  checkOptions(options);
  return new Gathering(options);
}

class Gathering<Item, Result> implements MicroBatch<Item, Result> {
  readonly #options: MicroBatchOptions<Item, Result>;
  readonly #limits: typeof DEFAULTS;
  readonly #clock: Clock;
  readonly #waiting: BatchEntry<Item, Result>[] = [];
  readonly #writing = new Set<Promise<void>>();
  #waitingBytes = 0;
  #timer: Timer | undefined;
  /** The first item has waited long enough: what waits is written as soon as a writer is free. */
  #isDue = false;
  #isClosed = false;

  constructor(options: MicroBatchOptions<Item, Result>) {
    const { maxItems, maxBytes, maxWaitMs, concurrency, clock = systemClock } = options;
    this.#options = options;
    this.#clock = clock;
    this.#limits = {
      maxItems: maxItems ?? DEFAULTS.maxItems,
      maxBytes: maxBytes ?? DEFAULTS.maxBytes,
      maxWaitMs: maxWaitMs ?? DEFAULTS.maxWaitMs,
      concurrency: concurrency ?? DEFAULTS.concurrency,
    };
  }

  add(item: Item, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Result> {
    if (this.#isClosed) return Promise.reject(new LongshoreError('closed', 'The batch takes no more items'));
    if (signal?.aborted === true) return Promise.reject(asError(signal.reason));
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const bytes = this.#options.sizeOf?.(item) ?? 0;
    const entry = batchEntry<Item, Result>(item, bytes, (outcome) => {
      signal?.removeEventListener('abort', leave);
      if (outcome.ok) resolve(outcome.value);
      else reject(asError(outcome.error));
    });
    const leave = (): void => {
      entry.settle({ ok: false, error: signal?.reason });
      this.#drop(entry);
    };
    signal?.addEventListener('abort', leave, { once: true });
    this.#waiting.push(entry);
    this.#waitingBytes += bytes;
    this.#pump();
    return promise;
  }

  async flush(): Promise<void> {
    while (this.#waiting.length > 0 || this.#writing.size > 0) {
      this.#isDue = true;
      this.#pump();
      await Promise.all(this.#writing);
    }
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return this.flush();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Writes what may be written now, and sets the timer for what may not. */
  #pump(): void {
    while (this.#waiting.length > 0 && this.#writing.size < this.#limits.concurrency && this.#isReady()) {
      const written = writeBatch(this.#take(), this.#options).finally(() => {
        this.#writing.delete(written);
        this.#pump();
      });
      this.#writing.add(written);
    }
    const isEmpty = this.#waiting.length === 0;
    if (isEmpty) this.#isDue = false;
    if (isEmpty || this.#isDue) {
      this.#timer?.cancel();
      this.#timer = undefined;
      return;
    }
    this.#timer ??= this.#clock.after(this.#limits.maxWaitMs, () => {
      this.#timer = undefined;
      this.#isDue = true;
      this.#pump();
    });
  }

  #isReady(): boolean {
    const { maxItems, maxBytes } = this.#limits;
    return this.#isDue || this.#waiting.length >= maxItems || this.#waitingBytes >= maxBytes;
  }

  #take(): BatchEntry<Item, Result>[] {
    const { maxItems, maxBytes } = this.#limits;
    let [count, bytes] = [0, 0];
    for (const entry of this.#waiting) {
      if (count === maxItems || (count > 0 && bytes + entry.bytes > maxBytes)) break;
      count += 1;
      bytes += entry.bytes;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count);
  }

  #drop(entry: BatchEntry<Item, Result>): void {
    const place = this.#waiting.indexOf(entry);
    if (place === -1) {
      entry.onAbandoned();
      return;
    }
    this.#waiting.splice(place, 1);
    this.#waitingBytes -= entry.bytes;
    this.#pump();
  }
}

function asError(reason: unknown): Error {
  if (reason instanceof Error) return reason;
  const message = `Failed with ${String(reason)}`;
  return new LongshoreError('handler_failed', message, { cause: reason, retryable: true });
}

function checkOptions<Item, Result>(options: MicroBatchOptions<Item, Result>): void {
  const { maxItems = 1, maxBytes = 1, maxWaitMs = 0, concurrency = 1 } = options;
  const faults: string[] = [];
  for (const [name, value] of Object.entries({ maxItems, concurrency }))
    if (!Number.isInteger(value) || value < 1)
      faults.push(`${name} is ${value}, expected a whole number from 1`);
  if (!(maxBytes > 0)) faults.push(`maxBytes is ${maxBytes}, expected a number above 0`);
  if (!(maxWaitMs >= 0)) faults.push(`maxWaitMs is ${maxWaitMs}, expected a number from 0`);
  if (faults.length > 0) throw new LongshoreError('invalid_options', faults.join('; '));
}
