export { createOnce } from './once.ts';
export type { CreateOnceOptions, Once, OnceCallOptions, OnceClaim } from './once.ts';
export type { ClaimAnswer, ClaimRequest, HeldClaim, OnceStore } from './once-store.ts';
export { DEFAULT_LEASE_MS, DEFAULT_RETENTION_MS } from './once-options.ts';
export { MAX_KEY_BYTES, onceKeyHash } from './key.ts';
export { MAX_RESULT_BYTES } from './recorded-result.ts';
