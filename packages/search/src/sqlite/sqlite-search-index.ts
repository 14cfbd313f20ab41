/**
 * The search index in one SQLite file (FTS5), on a thread of its own, since SQLite's calls block. Concurrent writes share
 * a transaction; several processes may use one file.
 */
import { Worker as Thread } from 'node:worker_threads';
import { LongshoreError, type ErrorCode } from '@longshore/job';
import type {
  IndexOperation,
  OperationResult,
  SearchIndex,
  SearchQuery,
  SearchResult,
} from '../search-index.ts';

/** Options of {@link sqliteSearchIndex}. */
export interface SqliteSearchIndexOptions {
  /** File of the index, on a local disk; created when missing, its folders too. */
  readonly path: string;
  /** Open an existing index for searching only. Default `false`. */
  readonly readOnly?: boolean;
}

/** The index with what only this driver can do. */
export interface SqliteSearchIndex extends SearchIndex {
  /** Faults between text and index; empty when the index is sound. */
  check(): Promise<string[]>;
}

/** A call to the index thread. */
export interface IndexCall {
  readonly call: number;
  readonly method: 'bulk' | 'search' | 'revisions' | 'count' | 'check' | 'close';
  readonly argument: unknown;
}

/** Its answer. */
export type IndexAnswer =
  | { readonly call: number; readonly ok: true; readonly value: unknown }
  | { readonly call: number; readonly ok: false; readonly code: ErrorCode; readonly message: string };

/** More operations than this make a transaction long without making it cheaper. */
const MAX_BATCH = 500;

/** Opens the index. @throws LongshoreError `index_unavailable`, saying what to do. */
export async function sqliteSearchIndex(options: SqliteSearchIndexOptions): Promise<SqliteSearchIndex> {
  const index = new ThreadedIndex(options);
  // The first call reports what is wrong with the file.
  await index.count().catch(async (error: unknown) => {
    await index.close();
    throw error;
  });
  return index;
}

interface PendingWrite {
  readonly operations: readonly IndexOperation[];
  readonly resolve: (results: readonly OperationResult[]) => void;
  readonly reject: (error: unknown) => void;
}

interface PendingCall {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: LongshoreError) => void;
}

class ThreadedIndex implements SqliteSearchIndex {
  readonly #thread: Thread;
  readonly #calls = new Map<number, PendingCall>();
  #nextCall = 1;
  #writes: PendingWrite[] = [];
  #writing: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  #failure: LongshoreError | undefined;

  constructor(options: SqliteSearchIndexOptions) {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#thread = new Thread(new URL(`./index-thread-entry.${extension}`, import.meta.url), {
      workerData: options,
      name: 'longshore-search',
    });
    this.#thread.on('message', (answer: IndexAnswer) => this.#answered(answer));
    this.#thread.on('error', (error: Error) =>
      this.#fail(`The index thread failed: ${error.message}`, error),
    );
    this.#thread.on('exit', () => this.#fail('The index is closed'));
    this.#thread.unref();
  }

  bulk(operations: readonly IndexOperation[]): Promise<readonly OperationResult[]> {
    if (operations.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      this.#writes.push({ operations, resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  search(query: SearchQuery): Promise<SearchResult> {
    return this.#call('search', query) as Promise<SearchResult>;
  }

  revisions(ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return this.#call('revisions', ids) as Promise<ReadonlyMap<string, number>>;
  }

  count(): Promise<number> {
    return this.#call('count', undefined) as Promise<number>;
  }

  /** Faults between text and index; empty when the index is sound. */
  check(): Promise<string[]> {
    return this.#call('check', undefined) as Promise<string[]>;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    await this.#writing;
    if (this.#failure !== undefined) return;
    const exited = new Promise<void>((resolve) => this.#thread.once('exit', () => resolve()));
    await this.#call('close', undefined).catch(() => undefined);
    // The process must not end before the file is closed.
    this.#thread.ref();
    await exited;
  }

  async #write(): Promise<void> {
    while (this.#writes.length > 0) {
      // What arrived during the last transaction goes into the next.
      const batch: PendingWrite[] = [];
      let size = 0;
      while (this.#writes.length > 0 && size < MAX_BATCH) {
        const write = this.#writes.shift();
        if (write === undefined) break;
        batch.push(write);
        size += write.operations.length;
      }
      try {
        const results = (await this.#call(
          'bulk',
          batch.flatMap((write) => write.operations),
        )) as OperationResult[];
        for (const { operations, resolve } of batch) resolve(results.splice(0, operations.length));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    // In the same step as the last look, or a write that comes in between would wait for ever.
    this.#writing = undefined;
  }

  #call(method: IndexCall['method'], argument: unknown): Promise<unknown> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const call = this.#nextCall;
    this.#nextCall += 1;
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { resolve, reject });
      // While a call is under way the process must not end.
      this.#thread.ref();
      this.#thread.postMessage({ call, method, argument } satisfies IndexCall);
    });
  }

  #answered(answer: IndexAnswer): void {
    const pending = this.#calls.get(answer.call);
    this.#calls.delete(answer.call);
    if (this.#calls.size === 0) this.#thread.unref();
    if (answer.ok) pending?.resolve(answer.value);
    else
      pending?.reject(
        new LongshoreError(answer.code, answer.message, { retryable: answer.code === 'index_unavailable' }),
      );
  }

  #fail(message: string, cause?: unknown): void {
    this.#failure ??= new LongshoreError(cause === undefined ? 'closed' : 'index_unavailable', message, {
      cause,
    });
    for (const { reject } of this.#calls.values()) reject(this.#failure);
    this.#calls.clear();
  }
}
