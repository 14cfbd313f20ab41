/** The store on a database: the same tables and statements for every driver. */
import type { DeliveryStore } from './delivery-store.ts';
import { sqlDocuments, sqlLinks } from './sql-documents.ts';
import { sqlEndpoints } from './sql-endpoints.ts';
import { sqlSchedule } from './sql-schedule.ts';
import { makeTables } from './tables.ts';
import type { Sql } from '@longshore/sql';

/** Opens the store; its tables are made or brought up to date. @throws LongshoreError as {@link makeTables} */
export async function sqlDeliveryStore(sql: Sql): Promise<DeliveryStore> {
  try {
    await makeTables(sql);
  } catch (error) {
    await sql.close();
    throw error;
  }
  return {
    documents: sqlDocuments(sql),
    links: sqlLinks(sql),
    endpoints: sqlEndpoints(sql),
    schedule: sqlSchedule(sql),
    close: () => sql.close(),
    [Symbol.asyncDispose]: () => sql.close(),
  };
}
