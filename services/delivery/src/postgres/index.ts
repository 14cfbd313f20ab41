export { postgresDeliveryStore } from './postgres-delivery-store.ts';
export type { PostgresDeliveryStoreOptions } from './postgres-delivery-store.ts';
