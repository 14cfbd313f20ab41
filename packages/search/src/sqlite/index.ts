export { sqliteSearchIndex } from './sqlite-search-index.ts';
export type { SqliteSearchIndexOptions } from './sqlite-search-index.ts';
