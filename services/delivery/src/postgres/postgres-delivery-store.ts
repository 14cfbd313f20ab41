/** Delivery in PostgreSQL, for a fleet: several processes send, none sends what another holds. */
import { postgresSql, type PostgresSqlOptions } from '@longshore/sql/postgres';
import type { DeliveryStore } from '../store/delivery-store.ts';
import { sqlDeliveryStore } from '../store/sql-delivery-store.ts';

/** Options of {@link postgresDeliveryStore}. Its tables are called `longshore_…`. */
export type PostgresDeliveryStoreOptions = Pick<PostgresSqlOptions, 'pool' | 'onIdleError'>;

/** "LSDL". */
const LOCK = 0x4c_53_44_4c;

/** Opens the store. @throws LongshoreError `delivery_unavailable` (retryable), `invalid_options` */
export async function postgresDeliveryStore(options: PostgresDeliveryStoreOptions): Promise<DeliveryStore> {
  const sql = postgresSql({
    ...options,
    lock: LOCK,
    what: 'deliveries',
    unavailable: 'delivery_unavailable',
  });
  return await sqlDeliveryStore(sql);
}
