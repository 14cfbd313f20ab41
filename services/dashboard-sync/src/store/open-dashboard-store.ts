/** Opens the store that settings name. Only the driver in use is loaded. */
import type { DashboardStore } from './dashboard-store.ts';
import { sqlDashboardStore } from './sql-dashboard-store.ts';

/** Where the counters are. */
export type StoreLocation =
  | { readonly kind: 'sqlite'; /** Of a file, or `:memory:`. */ readonly path: string }
  | { readonly kind: 'postgres'; /** `postgres://user@host/database`. */ readonly url: string };

/** Options of {@link openDashboardStore}. */
export interface OpenDashboardStoreOptions {
  /** Told of connections that break while nobody uses them. Default: nobody. */
  readonly onIdleError?: (error: Error) => void;
}

/** A fleet that starts while its database does not answer is told so. */
const CONNECT_TIMEOUT_MS = 5_000;
/** Far above any statement here: what takes longer is stuck. */
const STATEMENT_TIMEOUT_MS = 30_000;
/** "LSDB": the advisory lock under which tables are made. */
const LOCK = 0x4c_53_44_42;
const USE = { what: 'counters of the dashboards', unavailable: 'dashboard_unavailable' } as const;

/** Opens a store; its tables are made. @throws LongshoreError `dashboard_unavailable` (retryable), `invalid_options` */
export async function openDashboardStore(
  location: StoreLocation,
  options: OpenDashboardStoreOptions = {},
): Promise<DashboardStore> {
  if (location.kind === 'sqlite') {
    const { sqliteSql } = await import('@longshore/sql/sqlite');
    return await sqlDashboardStore(sqliteSql({ path: location.path, ...USE }));
  }
  const { postgresSql } = await import('@longshore/sql/postgres');
  const pool = {
    connectionString: location.url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
  };
  return await sqlDashboardStore(postgresSql({ pool, lock: LOCK, ...USE, ...options }));
}
