/** Delivery in an SQLite file, for one machine and few events. */
import { sqliteSql } from '@longshore/sql/sqlite';
import type { DeliveryStore } from '../store/delivery-store.ts';
import { sqlDeliveryStore } from '../store/sql-delivery-store.ts';

/** Options of {@link sqliteDeliveryStore}. */
export interface SqliteDeliveryStoreOptions {
  /** Of the file, made when it is missing; `:memory:` for a store that lives as long as it is open. */
  readonly path: string;
}

/** Opens the store. @throws LongshoreError `invalid_options`, `delivery_unavailable` */
export async function sqliteDeliveryStore({ path }: SqliteDeliveryStoreOptions): Promise<DeliveryStore> {
  return await sqlDeliveryStore(sqliteSql({ path, what: 'deliveries', unavailable: 'delivery_unavailable' }));
}
