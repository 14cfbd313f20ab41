export type {
  IndexOperation,
  OperationResult,
  SearchDocument,
  SearchHit,
  SearchIndex,
  SearchQuery,
  SearchResult,
  SnippetPart,
} from './search-index.ts';
