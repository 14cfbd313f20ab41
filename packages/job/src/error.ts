/**
 * The one error type of Longshore: what failed in words, a code to branch on, whether a retry can help.
 */

/** Every code that Longshore raises. `docs/reference/errors.md` says for each what to do. */
export type ErrorCode =
  // configuration and use
  | 'invalid_options'
  | 'invalid_fleet'
  | 'unsupported'
  | 'closed'
  // payloads and messages
  | 'invalid_payload'
  | 'payload_too_large'
  | 'undecodable_message'
  | 'unknown_job'
  | 'unknown_version'
  | 'claim_missing'
  | 'claim_corrupt'
  // queue
  | 'queue_missing'
  | 'queue_unavailable'
  | 'credentials_unavailable'
  | 'enqueue_failed'
  | 'lease_lost'
  // objects
  | 'invalid_key'
  | 'object_missing'
  | 'object_corrupt'
  | 'object_store_unavailable'
  | 'conditional_writes_ignored'
  // effects that happen once
  | 'once_busy'
  | 'once_lost'
  | 'once_result_refused'
  | 'once_unavailable'
  | 'lease_unavailable'
  | 'once_corrupt'
  // handlers
  | 'handler_timeout'
  | 'handler_failed'
  | 'attempts_exhausted'
  | 'dependency_down'
  | 'interrupted'
  | 'crashed'
  // search
  | 'index_unavailable'
  | 'invalid_query'
  // ledger
  | 'ledger_unavailable'
  | 'ledger_incompatible'
  // delivery
  | 'delivery_unavailable'
  | 'address_forbidden'
  // dashboards
  | 'dashboard_unavailable'
  | 'dashboard_refused'
  // warehouse
  | 'warehouse_incompatible'
  // where tasks run
  | 'service_missing'
  | 'target_unavailable'
  // documents
  | 'encrypted'
  | 'corrupt'
  | 'too_large'
  | 'timed_out'
  | 'out_of_memory'
  | 'engine_crashed'
  | 'foreign_bucket';

/** Facts about a failure, JSON-safe, for logs and dead letters. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** Options of {@link LongshoreError}. */
export interface LongshoreErrorOptions {
  /** The failure underneath, kept as it was. */
  readonly cause?: unknown;
  /** The values that make the message specific. */
  readonly details?: ErrorDetails;
  /** Whether the same call may succeed later without a change. Default `false`. */
  readonly retryable?: boolean;
}

/**
 * An error with a `code`. A handler that throws one with `retryable: false` has its job buried at once; any other
 * error follows the job's retry policy.
 */
export class LongshoreError extends Error {
  override readonly name = 'LongshoreError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: LongshoreErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
    this.retryable = options.retryable ?? false;
  }
}

/** Whether a caught value is a {@link LongshoreError}, optionally with one of the given codes. */
export function isLongshoreError(value: unknown, ...codes: readonly ErrorCode[]): value is LongshoreError {
  return value instanceof LongshoreError && (codes.length === 0 || codes.includes(value.code));
}

/** What a thrown value tells a person: code (or `handler_failed`), message and stack. */
export function errorDetails(thrown: unknown): { code: string; message: string; stack?: string } {
  if (!(thrown instanceof Error)) return { code: 'handler_failed', message: String(thrown) };
  const code = thrown instanceof LongshoreError ? thrown.code : 'handler_failed';
  return { code, message: thrown.message, ...(thrown.stack === undefined ? {} : { stack: thrown.stack }) };
}
