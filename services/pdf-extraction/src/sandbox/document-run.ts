/**
 * One document on one child: fed in, its pages collected, its limits watched. Always ends with an outcome, and tells
 * whether the child may take another document.
 */
import type { DocumentHead } from '../engine.ts';
import { CLOCK_FACTOR, type SandboxLimits } from './limits.ts';
import type { ChildMessage, DocumentMessage, ReadPage } from './messages.ts';
import { failed, type DocumentFailed, type EngineId, type SandboxOutcome } from './outcome.ts';
import { processUsage } from './process-usage.ts';
import { describeExit, isForeignSignal, type ChildExit } from './child-exit.ts';
import type { SandboxChild } from './sandbox-child.ts';

/** How often memory and processor time are looked at. Memory grows by up to 2 GB/s, so by 50 MB between two looks. */
const LOOK_EVERY_MS = 25;
const MIB = 1_048_576;
const OUT_OF_MEMORY = /out of memory|\bOOM\b|bad_alloc|Cannot allocate memory/i;
const MAX_SAID_LENGTH = 200;

/** What a document needs. */
export interface DocumentRunOptions {
  readonly engine: EngineId;
  readonly limits: SandboxLimits;
  readonly message: DocumentMessage;
  /** Kills the child; the run then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Told of each page as it comes. */
  readonly onPage?: (page: ReadPage) => void;
}

/** Runs a document on a child that is ready. Rejects only when the signal aborts. */
export async function runDocument(
  child: SandboxChild,
  bytes: Uint8Array,
  options: DocumentRunOptions,
): Promise<SandboxOutcome> {
  const { signal, message } = options;
  signal?.throwIfAborted();
  const run = new DocumentRun(child, options);
  const abort = (): void => child.kill();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    child.send(bytes, message, (received) => run.receive(received));
    const outcome = await run.outcome;
    signal?.throwIfAborted();
    return outcome;
  } finally {
    signal?.removeEventListener('abort', abort);
    child.release();
    run.stop();
  }
}

class DocumentRun {
  readonly outcome: Promise<SandboxOutcome>;
  readonly #child: SandboxChild;
  readonly #engine: EngineId;
  readonly #limits: SandboxLimits;
  readonly #onPage: ((page: ReadPage) => void) | undefined;
  readonly #finish: (outcome: SandboxOutcome) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #startedAtMs = performance.now();
  readonly #pages: ReadPage[] = [];
  #head: DocumentHead | undefined;
  #textBytes = 0;
  #pageSinceMs: number = performance.now();
  /** Unknown until the first look after a page: looking costs more than many a page does. */
  #pageSinceCpuMs: number | undefined;
  #brokenLimit: DocumentFailed | undefined;

  constructor(child: SandboxChild, { engine, limits, onPage }: DocumentRunOptions) {
    const { promise, resolve } = Promise.withResolvers<SandboxOutcome>();
    this.outcome = promise;
    this.#finish = resolve;
    this.#child = child;
    this.#engine = engine;
    this.#limits = limits;
    this.#onPage = onPage;
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    void child.exited.then((exit) => resolve(this.#brokenLimit ?? this.#death(exit)));
  }

  receive(message: ChildMessage): void {
    switch (message.kind) {
      case 'head':
        this.#head = message.head;
        this.#textBytes += JSON.stringify(message.head).length;
        this.#renew();
        return;
      case 'page':
        this.#addPage(message.page);
        return;
      case 'failed':
        return this.#finish(this.#brokenLimit ?? failed(message.code, message.reason));
      case 'done':
        return this.#finish(this.#brokenLimit ?? this.#read());
      case 'ready':
        return;
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #addPage(page: ReadPage): void {
    this.#renew();
    this.#textBytes += page.text.length;
    this.#pages.push(page);
    this.#onPage?.(page);
    const { textBytes } = this.#limits;
    if (this.#textBytes > textBytes) this.#break(tooMuchText(textBytes));
  }

  /** The time for a page starts anew. */
  #renew(): void {
    this.#pageSinceMs = performance.now();
    this.#pageSinceCpuMs = undefined;
    const { pages } = this.#limits;
    const count = this.#head?.pageCount ?? 0;
    if (count > pages)
      this.#break(
        failed('too_large', `The document says that it has ${count} pages, at most ${pages} are read`),
      );
  }

  #read(): SandboxOutcome {
    if (this.#head === undefined) return failed('engine_crashed', 'The engine ended without a document');
    return { kind: 'ok', engine: this.#engine, head: this.#head, pages: this.#pages };
  }

  #look(): void {
    const { pageMs, documentMs, documentPageMs, memoryBytes } = this.#limits;
    const wholeMs = documentMs + documentPageMs * this.#pages.length;
    const nowMs = performance.now();
    const usage = this.#usage();
    this.#pageSinceCpuMs ??= usage?.cpuMs ?? 0;
    if (usage !== undefined && usage.residentBytes > memoryBytes) {
      this.#break(
        failed('out_of_memory', `The document takes more than ${mebibytes(memoryBytes)} of memory`),
      );
    } else if (usage !== undefined && usage.cpuMs - this.#pageSinceCpuMs > pageMs) {
      this.#break(
        failed('timed_out', `No page within ${pageMs / 1_000} s of processor time, ${this.#progress()}`),
      );
    } else if (nowMs - this.#pageSinceMs > pageMs * CLOCK_FACTOR) {
      this.#break(
        failed('timed_out', `No page within ${(pageMs * CLOCK_FACTOR) / 1_000} s, ${this.#progress()}`),
      );
    } else if (nowMs - this.#startedAtMs > wholeMs) {
      this.#break(failed('timed_out', `Not done within ${wholeMs / 1_000} s, ${this.#progress()}`));
    }
  }

  #progress(): string {
    return `${this.#pages.length} of ${this.#head?.pageCount ?? 'an unknown number of'} pages done`;
  }

  /** The first broken limit counts; the outcome follows when the child is gone. */
  #break(outcome: DocumentFailed): void {
    if (this.#brokenLimit !== undefined) return;
    this.#brokenLimit = outcome;
    this.#child.kill();
  }

  /** What the end of the child says about its document. */
  #death(exit: ChildExit): DocumentFailed {
    const { signal, stderr, fault } = exit;
    if (fault === 'too_large') return tooMuchText(this.#limits.textBytes);
    if (fault === 'malformed') return failed('engine_crashed', 'The engine sent something that is no result');
    if (OUT_OF_MEMORY.test(stderr)) return failed('out_of_memory', 'The engine ran out of memory');
    const how = describeExit(exit);
    if (isForeignSignal(signal) && !this.#child.isKilled) {
      const reason = `The engine's process was killed by somebody else (${how}), perhaps for the container's memory`;
      return { ...failed('engine_crashed', reason), blame: 'others' };
    }
    const said = stderr
      .split('\n')
      .find((line) => /error|abort|fatal/i.test(line))
      ?.trim()
      .slice(0, MAX_SAID_LENGTH);
    return failed('engine_crashed', `The engine crashed (${how}${said === undefined ? '' : `: ${said}`})`);
  }

  #usage(): ReturnType<typeof processUsage> {
    return this.#child.pid === undefined ? undefined : processUsage(this.#child.pid);
  }
}

function tooMuchText(limitBytes: number): DocumentFailed {
  return failed('too_large', `The document has more than ${mebibytes(limitBytes)} of text`);
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}
