export { sqliteSearchIndex } from './sqlite-search-index.ts';
export type { SqliteSearchIndex, SqliteSearchIndexOptions } from './sqlite-search-index.ts';
