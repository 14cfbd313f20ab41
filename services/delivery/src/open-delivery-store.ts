/** Opens the store that settings name. Only the driver in use is loaded. */
import type { DeliveryStore } from './store/delivery-store.ts';

/** Where delivery remembers. */
export type StoreLocation =
  | { readonly kind: 'sqlite'; /** Of a file, or `:memory:`. */ readonly path: string }
  | { readonly kind: 'postgres'; /** `postgres://user@host/database`. */ readonly url: string };

/** Options of {@link openDeliveryStore}. */
export interface OpenDeliveryStoreOptions {
  /** Told of connections that break while nobody uses them. Default: nobody. */
  readonly onIdleError?: (error: Error) => void;
}

/** A fleet that starts while its database does not answer is told so. */
const CONNECT_TIMEOUT_MS = 5_000;
/** Far above any statement here: what takes longer is stuck. */
const STATEMENT_TIMEOUT_MS = 30_000;

/**
 * Opens a store; its tables are made or brought up to date.
 *
 * @throws LongshoreError `delivery_unavailable` (retryable), `invalid_options`
 */
export async function openDeliveryStore(
  location: StoreLocation,
  options: OpenDeliveryStoreOptions = {},
): Promise<DeliveryStore> {
  if (location.kind === 'sqlite') {
    const { sqliteDeliveryStore } = await import('./sqlite/index.ts');
    return await sqliteDeliveryStore({ path: location.path });
  }
  const { postgresDeliveryStore } = await import('./postgres/index.ts');
  return await postgresDeliveryStore({
    pool: {
      connectionString: location.url,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
    },
    ...options,
  });
}
