export { describeSearchIndex } from './describe-search-index.ts';
export type { OpenedSearchIndex, SearchIndexSuite } from './suite.ts';
