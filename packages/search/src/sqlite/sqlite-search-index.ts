/**
 * The search index in one SQLite file (FTS5), on a thread of its own, since SQLite's calls block. Concurrent writes share
 * a transaction; several processes may use one file.
 */
import { rebuildBatches } from '../rebuild-batches.ts';
import type {
  IndexOperation,
  OperationResult,
  RebuildOutcome,
  RebuildableSearchIndex,
  SearchDocument,
  SearchQuery,
  SearchResult,
} from '../search-index.ts';
import { startIndexThread, type IndexThread } from './index-thread.ts';

/** Options of {@link sqliteSearchIndex}. */
export interface SqliteSearchIndexOptions {
  /** File of the index, on a local disk; created when missing, its folders too. */
  readonly path: string;
  /** Open an existing index for searching only. Default `false`. */
  readonly readOnly?: boolean;
}

/** The index with what only this driver can do. */
export interface SqliteSearchIndex extends RebuildableSearchIndex {
  /** Faults between text and index; empty when the index is sound. */
  check(): Promise<string[]>;
}

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

class ThreadedIndex implements SqliteSearchIndex {
  readonly #writer: IndexThread;
  /** Searches have a connection and thread of their own, so that they never wait for a batch. */
  readonly #reader: IndexThread;
  #writes: PendingWrite[] = [];
  #writing: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: SqliteSearchIndexOptions) {
    this.#writer = startIndexThread(options);
    const isShared = options.readOnly === true || options.path === ':memory:';
    this.#reader = isShared ? this.#writer : startIndexThread(options);
  }

  bulk(operations: readonly IndexOperation[]): Promise<readonly OperationResult[]> {
    if (operations.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      this.#writes.push({ operations, resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  search(query: SearchQuery): Promise<SearchResult> {
    return this.#reader.call('search', query) as Promise<SearchResult>;
  }

  revisions(ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return this.#reader.call('revisions', ids) as Promise<ReadonlyMap<string, number>>;
  }

  count(): Promise<number> {
    return this.#reader.call('count', undefined) as Promise<number>;
  }

  /** Faults between text and index; empty when the index is sound. */
  check(): Promise<string[]> {
    return this.#writer.call('check', undefined) as Promise<string[]>;
  }

  async rebuild(documents: AsyncIterable<SearchDocument>): Promise<RebuildOutcome> {
    await this.#writer.call('beginRebuild', undefined);
    try {
      const failed: { id: string; reason: string }[] = [];
      for await (const batch of rebuildBatches(documents)) {
        const operations = batch.map((document) => ({ kind: 'put', document }) as const);
        const results = (await this.#writer.call('fill', operations)) as OperationResult[];
        const faults = results.map((result, at) => ({ result, id: batch[at]?.id ?? '' }));
        for (const { result, id } of faults)
          failed.push(...(result.outcome === 'failed' ? [{ id, reason: result.reason }] : []));
      }
      const written = (await this.#writer.call('activate', undefined)) as number;
      return { written, failed };
    } catch (error) {
      // The rebuild's own failure is what the caller must see.
      await this.#writer.call('abandon', undefined).catch(() => undefined);
      throw error;
    }
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
    await Promise.all([this.#writer.close(), this.#reader.close()]);
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
        const results = (await this.#writer.call(
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
}
