/**
 * One document on one child: fed in, its pages collected, its limits watched from the moment when the child turns to it.
 * A child that this document may have harmed is killed before it turns to the next.
 */
import type { DocumentOpening, OutlineItem, PageImage } from '../engine.ts';
import { countWithin } from '../page-ranges.ts';
import { CLOCK_FACTOR, type SandboxLimits } from './limits.ts';
import type { ChildMessage, DocumentMessage, ReadPage } from './messages.ts';
import { failed, type DocumentFailed, type EngineId, type SandboxOutcome } from './outcome.ts';
import { processUsage } from './process-usage.ts';
import { describeExit, isForeignSignal, type ChildExit } from './child-exit.ts';
import type { ChildTask, SandboxChild } from './sandbox-child.ts';

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

/** How a run ended: `unstarted`, where the child was gone before it came to this document. */
export type RunEnd = SandboxOutcome | { readonly kind: 'unstarted' };

/** Runs a document on a child that is ready. Rejects only when the signal aborts. */
export async function runDocument(
  child: SandboxChild,
  bytes: Uint8Array,
  options: DocumentRunOptions,
): Promise<RunEnd> {
  const { signal } = options;
  signal?.throwIfAborted();
  const run = new DocumentRun(child, bytes, options);
  const abort = (): void => run.abandon();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    child.send(run);
    const end = await run.end;
    signal?.throwIfAborted();
    return end;
  } finally {
    signal?.removeEventListener('abort', abort);
    run.stop();
  }
}

class DocumentRun implements ChildTask {
  readonly bytes: Uint8Array;
  readonly message: DocumentMessage;
  readonly end: Promise<RunEnd>;
  readonly #child: SandboxChild;
  readonly #engine: EngineId;
  readonly #limits: SandboxLimits;
  readonly #onPage: ((page: ReadPage) => void) | undefined;
  readonly #finish: (end: RunEnd) => void;
  #timer: NodeJS.Timeout | undefined;
  #startedAtMs: number | undefined;
  #isAbandoned = false;
  readonly #pages: ReadPage[] = [];
  #head: DocumentOpening | undefined;
  #outline: readonly OutlineItem[] = [];
  #image: PageImage | undefined;
  #textBytes = 0;
  #pageSinceMs = 0;
  /** Unknown until the first look after a page: looking costs more than many a page does. */
  #pageSinceCpuMs: number | undefined;
  #brokenLimit: DocumentFailed | undefined;

  constructor(child: SandboxChild, bytes: Uint8Array, options: DocumentRunOptions) {
    const { promise, resolve } = Promise.withResolvers<RunEnd>();
    this.bytes = bytes;
    this.message = options.message;
    this.end = promise;
    this.#finish = resolve;
    this.#child = child;
    this.#engine = options.engine;
    this.#limits = options.limits;
    this.#onPage = options.onPage;
    void child.exited.then((exit) => resolve(this.#brokenLimit ?? this.#death(exit)));
  }

  get pagesLeft(): number | undefined {
    return this.#head === undefined ? undefined : this.#wanted(this.#head) - this.#pages.length;
  }

  start(): void {
    // Nobody waits for it any more, and nobody would watch it.
    if (this.#isAbandoned) return this.#child.kill();
    this.#startedAtMs = performance.now();
    this.#pageSinceMs = this.#startedAtMs;
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  /** Ends the run; the child with it, now or when it comes to this document. */
  abandon(): void {
    this.#isAbandoned = true;
    if (this.#startedAtMs !== undefined) this.#child.kill();
    this.#finish({ kind: 'unstarted' });
  }

  receive(message: ChildMessage): void {
    switch (message.kind) {
      case 'outline':
        this.#outline = message.outline;
        this.#count(message.bytes);
        return;
      case 'head':
        this.#head = message.head;
        this.#count(message.bytes);
        this.#renew();
        return;
      case 'image':
        this.#image = message.image;
        return;
      case 'page':
        this.#addPage(message.page);
        return;
      case 'failed':
        // A refusal is an engine's ordinary answer; anything else may have left it in any state.
        if (message.code !== 'encrypted' && message.code !== 'corrupt') this.#child.kill();
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
    this.#pages.push(page);
    this.#onPage?.(page);
    this.#count(page.text.length + (page.original?.length ?? 0));
  }

  #count(textBytes: number): void {
    this.#textBytes += textBytes;
    if (this.#textBytes > this.#limits.textBytes) this.#break(tooMuchText(this.#limits.textBytes));
  }

  /** The time for a page starts anew. */
  #renew(): void {
    this.#pageSinceMs = performance.now();
    this.#pageSinceCpuMs = undefined;
    const { pages } = this.#limits;
    const count = this.#head === undefined ? 0 : this.#wanted(this.#head);
    if (count > pages)
      this.#break(
        failed('too_large', `${count} pages are wanted of the document, at most ${pages} are read`),
      );
  }

  #read(): SandboxOutcome {
    if (this.#head === undefined) return failed('engine_crashed', 'The engine ended without a document');
    return {
      kind: 'ok',
      engine: this.#engine,
      head: { ...this.#head, outline: this.#outline },
      pages: this.#pages,
      pagesWanted: this.#wanted(this.#head),
      ...(this.#image === undefined ? {} : { image: this.#image }),
    };
  }

  #look(): void {
    if (this.#startedAtMs === undefined) return;
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

  #wanted({ pageCount }: DocumentOpening): number {
    return countWithin(this.message.pages, pageCount);
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
  #death(exit: ChildExit): RunEnd {
    if (this.#startedAtMs === undefined) return { kind: 'unstarted' };
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
