/** What a driver hands to the suite, and what the cases share. */
import type {
  IndexOperation,
  RebuildableSearchIndex,
  SearchDocument,
  SearchIndex,
  SearchQuery,
} from '../search-index.ts';

/** An index opened for a case. */
export interface OpenedSearchIndex {
  readonly index: SearchIndex | RebuildableSearchIndex;
  /** Opens the same index once more, as another process would. */
  readonly reopen: () => Promise<SearchIndex>;
  /** Removes what opening made. The suite closes the indexes. */
  readonly close?: () => Promise<void>;
}

/** A driver under test. */
export interface SearchIndexSuite {
  /** Shown in the test report. */
  readonly name: string;
  /** Opens an empty index. */
  readonly open: () => Promise<OpenedSearchIndex>;
  /** Ends what all cases shared. */
  readonly end?: () => Promise<void>;
  /** Cases that the driver cannot pass, by name, each with its reason. */
  readonly skips?: Readonly<Record<string, string>>;
}

/** How cases reach the index of the moment. */
export interface Stage {
  index(): SearchIndex;
  /** As {@link index}, with its rebuild. */
  rebuildable(): RebuildableSearchIndex;
  reopen(): Promise<SearchIndex>;
  /** Declares a case, unless the driver says why it cannot pass it. */
  it(name: string, run: () => Promise<void>): void;
}

/** A document of one page, in French unless told otherwise. */
export function documentOf(id: string, text: string, more: Partial<SearchDocument> = {}): SearchDocument {
  return {
    id,
    revision: 1,
    title: id,
    language: 'fr',
    source: `${id}.pdf`,
    pages: text === '' ? [] : [{ page: 1, text }],
    ...more,
  };
}

/** Writes documents; answers the outcomes. */
export async function put(index: SearchIndex, ...documents: readonly SearchDocument[]): Promise<string[]> {
  return await outcomes(
    index,
    documents.map((document) => ({ kind: 'put', document })),
  );
}

/** Writes a batch; answers the outcomes. */
export async function outcomes(index: SearchIndex, operations: readonly IndexOperation[]): Promise<string[]> {
  const results = await index.bulk(operations);
  return results.map(({ outcome }) => outcome);
}

/** The ids that a search finds, best first. */
export async function found(
  index: SearchIndex,
  text: string,
  more: Omit<SearchQuery, 'text'> = {},
): Promise<string[]> {
  const { hits } = await index.search({ text, ...more });
  return hits.map(({ id }) => id);
}
