export { postgresOnceStore } from './postgres-once-store.ts';
export type { PostgresOnceStoreOptions } from './postgres-once-store.ts';
export { onceInTransaction } from './once-in-transaction.ts';
export type { OnceInTransactionOptions } from './once-in-transaction.ts';
export { postgresOnceSchema } from './claim-table.ts';
export type { PostgresClient } from './claim-table.ts';
