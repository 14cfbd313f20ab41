export { documentOfArtefact } from './artefact.ts';
export type { ArtefactOrigin, ReadArtefact } from './artefact.ts';
export {
  COLLECTIONS_PREFIX,
  collectionKey,
  collectionOf,
  type CollectionRecord,
} from './collection-record.ts';
export { termText } from './analysis/term-text.ts';
export type {
  IndexOperation,
  OperationResult,
  RebuildOutcome,
  RebuildableSearchIndex,
  SearchDocument,
  SearchHit,
  SearchIndex,
  SearchQuery,
  SearchResult,
  SnippetPart,
} from './search-index.ts';
