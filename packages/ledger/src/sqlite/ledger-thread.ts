/** The thread that owns a ledger's file, since SQLite's calls block: calls to it, and their answers. */
import { Worker as Thread } from 'node:worker_threads';
import { LongshoreError, type ErrorCode } from '@longshore/job';
import type { LedgerBatch } from '../ledger.ts';
import type { LedgerStore, Row, RunStatement } from '../store.ts';
import type { OpenOptions } from './schema.ts';

type Todo =
  | { readonly kind: 'append'; readonly argument: LedgerBatch }
  | {
      readonly kind: 'run';
      readonly argument: { readonly text: string; readonly values: Parameters<RunStatement>[1] };
    }
  | { readonly kind: 'close'; readonly argument?: undefined };

/** A call. */
export type LedgerCall = Todo & { readonly call: number };

/** Its answer. */
export type LedgerAnswer =
  | { readonly call: number; readonly ok: true; readonly rows: readonly Row[] }
  | {
      readonly call: number;
      readonly ok: false;
      readonly code: ErrorCode;
      readonly message: string;
      readonly retryable: boolean;
    };

interface PendingCall {
  readonly resolve: (rows: readonly Row[]) => void;
  readonly reject: (error: LongshoreError) => void;
}

/** Starts the thread; it opens the file at the first call. It does not keep the process alive. */
export function ledgerThread(options: OpenOptions): LedgerStore {
  return new ThreadStore(options);
}

class ThreadStore implements LedgerStore {
  readonly #thread: Thread;
  readonly #calls = new Map<number, PendingCall>();
  #nextCall = 1;
  #closed: Promise<void> | undefined;
  #failure: LongshoreError | undefined;

  constructor(options: OpenOptions) {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#thread = new Thread(new URL(`./ledger-thread-entry.${extension}`, import.meta.url), {
      workerData: options,
      name: 'longshore-ledger',
    });
    this.#thread.on('message', (answer: LedgerAnswer) => this.#answered(answer));
    this.#thread.on('error', (error: Error) =>
      this.#fail('ledger_unavailable', `The ledger's thread failed: ${error.message}`, error),
    );
    this.#thread.on('exit', () => this.#fail('closed', 'The ledger is closed'));
    this.#thread.unref();
  }

  readonly run: RunStatement = (text, values) => this.#call({ kind: 'run', argument: { text, values } });

  async append(batch: LedgerBatch): Promise<void> {
    await this.#call({ kind: 'append', argument: batch });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (this.#failure !== undefined) return;
    const exited = new Promise<void>((resolve) => this.#thread.once('exit', () => resolve()));
    const answered = this.#call({ kind: 'close' });
    this.#failure = new LongshoreError('closed', 'Cannot use a ledger after it was closed');
    await answered.catch(() => undefined);
    // The process must not end before the file is closed.
    this.#thread.ref();
    await exited;
  }

  #call(todo: Todo): Promise<readonly Row[]> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const call = this.#nextCall;
    this.#nextCall += 1;
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { resolve, reject });
      // While a call is under way the process must not end.
      this.#thread.ref();
      this.#thread.postMessage({ call, ...todo } satisfies LedgerCall);
    });
  }

  #answered(answer: LedgerAnswer): void {
    const pending = this.#calls.get(answer.call);
    this.#calls.delete(answer.call);
    if (this.#calls.size === 0) this.#thread.unref();
    if (answer.ok) pending?.resolve(answer.rows);
    else pending?.reject(new LongshoreError(answer.code, answer.message, { retryable: answer.retryable }));
  }

  #fail(code: ErrorCode, message: string, cause?: unknown): void {
    this.#failure ??= new LongshoreError(code, message, { cause });
    for (const { reject } of this.#calls.values()) reject(this.#failure);
    this.#calls.clear();
  }
}
