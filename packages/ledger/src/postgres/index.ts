export { postgresLedger } from './postgres-ledger.ts';
export type { PostgresLedgerOptions } from './postgres-ledger.ts';
export type { PostgresClient } from './run-query.ts';
