export { sqliteDeliveryStore } from './sqlite-delivery-store.ts';
export type { SqliteDeliveryStoreOptions } from './sqlite-delivery-store.ts';
