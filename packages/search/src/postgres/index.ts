export { postgresSearchIndex } from './postgres-search-index.ts';
export type { PostgresSearchIndexOptions } from './postgres-search-index.ts';
export type { PostgresConnection, PostgresPool } from './connection.ts';
