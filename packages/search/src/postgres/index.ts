export { postgresSearchIndex } from './postgres-search-index.ts';
export type { PostgresSearchIndex, PostgresSearchIndexOptions } from './postgres-search-index.ts';
export type { PostgresConnection, PostgresPool } from './connection.ts';
