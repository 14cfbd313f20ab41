/**
 * Does what the service's control document tells this worker: pauses it when it is drained or the service is paused, and
 * resumes it otherwise.
 *
 * Without a document that can be read, is whole and is current, the worker works as configured. A store that is out of
 * reach changes nothing until the last document has expired.
 */
import { controlKey, isControlCurrent, parseControl, type ControlDocument } from '@longshore/fleet';
import { isLongshoreError, type Clock, type Timer } from '@longshore/job';
import { readJson, type ObjectStore } from '@longshore/objects';
import type { Logger, Worker } from '@longshore/worker';

/** Options of {@link controlWatch}. */
export interface ControlWatchOptions {
  readonly objects: ObjectStore;
  readonly service: string;
  /** Id of this worker, as it reports it. */
  readonly workerId: string;
  readonly worker: Pick<Worker, 'pause' | 'resume'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

/** A watch. */
export interface ControlWatch {
  start(): void;
  /** Reads the document once and obeys it. Never rejects. */
  tick(): Promise<void>;
  /** Resolves when no read is under way. Idempotent. */
  stop(): Promise<void>;
}

/** Half of the autoscaler's interval: what it decides at one tick is done at the next. On S3, $0.23 per worker and month. */
const READ_EVERY_MS = 5_000;
/** The interval is shortened by up to this share, so that workers that started together do not read together. */
const JITTER_SHARE = 0.2;
const READ_WITHIN_MS = 5_000;
const MAX_BYTES = 524_288;

/** A watch, not started. */
export function controlWatch(options: ControlWatchOptions): ControlWatch {
  return new DocumentWatch(options);
}

class DocumentWatch implements ControlWatch {
  readonly #options: ControlWatchOptions;
  readonly #closing = new AbortController();
  #timer: Timer | undefined;
  #reading: Promise<void> | undefined;
  /** The last document that was read; expires by its own age. */
  #document: ControlDocument | undefined;
  #isPaused = false;
  #trouble: string | undefined;

  constructor(options: ControlWatchOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#reading !== undefined || this.#closing.signal.aborted) return;
    const { clock, random } = this.#options;
    void this.tick().then(() => {
      if (this.#closing.signal.aborted) return;
      const delayMs = READ_EVERY_MS * (1 - JITTER_SHARE * random());
      this.#timer = clock.after(delayMs, () => this.start());
    });
  }

  tick(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async stop(): Promise<void> {
    this.#closing.abort('stopped');
    this.#timer?.cancel();
    await this.#reading;
  }

  async #read(): Promise<void> {
    const { objects, service, clock } = this.#options;
    const late = new AbortController();
    const timer = clock.after(READ_WITHIN_MS, () => late.abort('It took too long'));
    try {
      const signal = AbortSignal.any([late.signal, this.#closing.signal]);
      const value = await readJson(objects, controlKey(service), { maxBytes: MAX_BYTES, signal });
      this.#take(value);
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      if (isLongshoreError(error, 'object_corrupt', 'too_large')) this.#document = undefined;
      this.#tell(error instanceof Error ? error.message : String(error));
    } finally {
      timer.cancel();
    }
    if (!this.#closing.signal.aborted) this.#obey();
  }

  #take(value: unknown): void {
    const { service, clock } = this.#options;
    const parsed = value === undefined ? undefined : parseControl(value, service);
    this.#tell(parsed?.ok === false ? `The document is wrong: ${parsed.reason}` : undefined);
    const document = parsed?.ok === true ? parsed.value : undefined;
    const known = this.#document;
    // A leader that was replaced may still write once.
    if (document !== undefined && known !== undefined && document.term < known.term) {
      if (isControlCurrent(known, clock.nowMs())) return;
    }
    this.#document = document;
  }

  #obey(): void {
    const { worker, workerId, clock, log } = this.#options;
    const document = this.#document;
    const isTold = document !== undefined && isControlCurrent(document, clock.nowMs());
    const isPaused = isTold && (document.isPaused || document.drain.includes(workerId));
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    if (isPaused) worker.pause();
    else worker.resume();
    const why = isTold ? { term: document.term, isServicePaused: document.isPaused } : {};
    log.info(why, isPaused ? 'Told to take no work' : 'Taking work again');
  }

  /** Each trouble once, until it is over or another one. */
  #tell(trouble: string | undefined): void {
    const { service, log } = this.#options;
    const isNew = trouble !== undefined && trouble !== this.#trouble;
    this.#trouble = trouble;
    if (isNew) log.warn({ object: controlKey(service) }, `Cannot follow the control document: ${trouble}`);
  }
}
