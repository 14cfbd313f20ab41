export { openSearchIndex } from './opensearch-search-index.ts';
export type { OpenSearchIndexOptions } from './opensearch-search-index.ts';
export type { OpenSearchClient } from './calls.ts';
