/**
 * The full-text index port. Writers are idempotent by `(id, revision)`: an operation older than what the index holds is
 * answered `stale` and changes nothing, so duplicate and reordered jobs are harmless.
 */

/** A document to index. */
export interface SearchDocument {
  /** Identity in the index, for instance the SHA-256 of the source bytes. Up to 512 characters. */
  readonly id: string;
  /** Grows with each version of the document, from 1. */
  readonly revision: number;
  readonly title: string;
  /** ISO 639-1 code of the main language, or `und`. `fr` and `en` are stemmed. */
  readonly language: string;
  /** Text per page, in order; page numbers from 1. Empty for documents without text. */
  readonly pages: readonly { readonly page: number; readonly text: string }[];
  /** Where the document came from, shown with results: a file name or object key. */
  readonly source: string;
  /** What it is filed under, to search in one collection alone. */
  readonly collection?: string;
  /** Its date as `YYYY-MM-DD`. */
  readonly date?: string;
}

/** One write. */
export type IndexOperation =
  | { readonly kind: 'put'; readonly document: SearchDocument }
  | { readonly kind: 'delete'; readonly id: string; readonly revision: number };

/** Result of one write, in the order of the operations. A poison document fails alone. */
export type OperationResult =
  | { readonly outcome: 'written' | 'unchanged' | 'stale' }
  | { readonly outcome: 'failed'; readonly reason: string };

/** A search. */
export interface SearchQuery {
  /** Words (all must occur), `"exact phrases"`, `prefix*`, `-excluded`. Accents and case do not matter. */
  readonly text: string;
  /** 1 to 100. Default 10. */
  readonly limit?: number;
  /** Only documents of this language. */
  readonly language?: string;
  /** Only documents of this collection. */
  readonly collection?: string;
  /** Only documents of this date or later, `YYYY-MM-DD`; those without a date are left out. */
  readonly from?: string;
  /** Only documents of this date or earlier. */
  readonly to?: string;
}

/** A stretch of text; `hit` marks a match. */
export interface SnippetPart {
  readonly text: string;
  readonly hit: boolean;
}

/** One found document, best first. */
export interface SearchHit {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  readonly language: string;
  /** The page that matches best. */
  readonly page: number;
  /** Higher is better; comparable within one result only. */
  readonly score: number;
  readonly snippet: readonly SnippetPart[];
}

/** Result of a search. */
export interface SearchResult {
  readonly hits: readonly SearchHit[];
  /** Documents that match, beyond the limit too. */
  readonly total: number;
  /** Where nothing was found: words of the index that are spelled like those of the query, best first. */
  readonly suggestions?: readonly string[];
}

/** A full-text index. Errors: `invalid_query`, `index_unavailable` (retryable), `closed`. */
export interface SearchIndex extends AsyncDisposable {
  /** Writes durably: when it resolves, a kill -9 loses nothing of it. Concurrent calls share a transaction. */
  bulk(operations: readonly IndexOperation[]): Promise<readonly OperationResult[]>;
  search(query: SearchQuery): Promise<SearchResult>;
  /** The revision that the index holds of each of these documents; those it does not hold are absent. */
  revisions(ids: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Documents in the index. */
  count(): Promise<number>;
  close(): Promise<void>;
}

/** Outcome of a rebuild. */
export interface RebuildOutcome {
  /** Documents that the new index has. */
  readonly written: number;
  /** Documents that it refuses, each with the reason. */
  readonly failed: readonly { readonly id: string; readonly reason: string }[];
}

/** An index that can be built anew while it is read. */
export interface RebuildableSearchIndex extends SearchIndex {
  /**
   * Builds the index anew from all documents that there should be, and puts the new one in its place in one step. Until then
   * searches find what they found; writes go to both; tombstones stay; what the stream does not have is gone.
   *
   * @throws LongshoreError `index_unavailable` when another rebuild runs or the index fails; the old index stays as it is,
   * as it does when the stream throws
   */
  rebuild(documents: AsyncIterable<SearchDocument>): Promise<RebuildOutcome>;
}
