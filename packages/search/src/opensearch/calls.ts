/**
 * Calls to OpenSearch over the official client's transport: its own retries are off, since they know nothing of single
 * items; failures that pass are tried again here, with growing and random pauses, and told apart from those that last.
 */
import { LongshoreError, sleep, type Clock } from '@longshore/job';

/** A request as the client's transport takes it. */
export interface OpenSearchRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  readonly path: string;
  readonly querystring?: Record<string, string>;
  readonly body?: Record<string, unknown>;
  /** NDJSON, each line ended. */
  readonly bulkBody?: string;
}

/** A `Client` of `@opensearch-project/opensearch`, or what has its transport. */
export interface OpenSearchClient {
  readonly transport: {
    request(
      request: {
        method: string;
        path: string;
        querystring?: Record<string, string>;
        body?: Record<string, unknown>;
        bulkBody?: string;
      },
      options: { maxRetries: number; requestTimeout: number; ignore?: number[] },
    ): Promise<{ body: unknown; statusCode: number | null }>;
  };
}

/** How calls are made. */
export interface CallSettings {
  readonly client: OpenSearchClient;
  readonly requestTimeoutMs: number;
  /** Tries of what failed for the moment, the first included. */
  readonly tries: number;
  readonly clock: Clock;
  readonly random: () => number;
}

/** What OpenSearch answered. */
export interface OpenSearchAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

/** A random pause before a try: from nothing up to twice the last bound, so that many writers do not return at once. */
export async function pauseBefore(
  retry: number,
  { clock, random }: Pick<CallSettings, 'clock' | 'random'>,
): Promise<void> {
  await sleep(random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** retry), { clock });
}

/**
 * Makes a call; statuses in `expected` are answers, others failures.
 *
 * @throws LongshoreError `index_unavailable`, retryable where a later call may succeed
 */
export async function call(
  settings: CallSettings,
  request: OpenSearchRequest,
  expected: readonly number[] = [],
): Promise<OpenSearchAnswer> {
  for (let retry = 0; ; retry += 1) {
    const outcome = await attempt(settings, request, expected);
    if (!(outcome instanceof LongshoreError)) return outcome;
    if (!outcome.retryable || retry + 1 >= settings.tries) throw outcome;
    await pauseBefore(retry, settings);
  }
}

/** One try, which answers its failure. */
export async function attempt(
  { client, requestTimeoutMs }: CallSettings,
  request: OpenSearchRequest,
  expected: readonly number[] = [],
): Promise<OpenSearchAnswer | LongshoreError> {
  try {
    const { body, statusCode } = await client.transport.request(
      { ...request },
      { maxRetries: 0, requestTimeout: requestTimeoutMs, ignore: [...expected] },
    );
    if (isObject(body)) return { status: statusCode ?? 200, body };
    // A HEAD, or an answer without a body.
    if (typeof body === 'boolean' || body === '') return { status: statusCode ?? 200, body: {} };
    return unavailable(`it answered something else than JSON (a proxy?): ${excerpt(body)}`, {
      retryable: true,
    });
  } catch (error) {
    return failure(error);
  }
}

function failure(error: unknown): LongshoreError {
  const status = statusOf(error);
  const reason = reasonOf(error);
  if (status === undefined) {
    const isTls = /SELF_SIGNED|CERT_|UNABLE_TO_|DEPTH_ZERO|certificate|SSL|TLS/i.test(reason);
    return unavailable(
      isTls ? `${reason}; give the client \`ssl: { ca }\` with the authority of the cluster` : reason,
      {
        cause: error,
        retryable: !isTls,
      },
    );
  }
  return unavailable(`HTTP ${status}: ${reason}${remedyFor(status, reason)}`, {
    cause: error,
    status,
    retryable: isPassing(status) || isBlocked(reason),
  });
}

/** Whether a status may be another one later: too many requests, or a fault of the server or a proxy. */
export function isPassing(status: number): boolean {
  return status === 429 || status >= 500;
}

/** A disk that is nearly full blocks writes with 403; it ends when there is room again. */
export function isBlocked(reason: string): boolean {
  return reason.includes('cluster_block_exception');
}

function remedyFor(status: number, reason: string): string {
  if (isBlocked(reason)) return '; the cluster refuses writes, most often because a disk is nearly full';
  if (status === 401 || status === 403)
    return '; give the client credentials that may create indexes and aliases, write and search';
  return '';
}

/** An `index_unavailable` of this driver. */
export function unavailable(
  reason: string,
  options: { readonly cause?: unknown; readonly retryable?: boolean; readonly status?: number } = {},
): LongshoreError {
  return new LongshoreError('index_unavailable', `Cannot use the search index in OpenSearch: ${reason}`, {
    ...(options.cause === undefined ? {} : { cause: options.cause }),
    retryable: options.retryable ?? false,
    details: options.status === undefined ? {} : { status: options.status },
  });
}

function statusOf(error: unknown): number | undefined {
  return isObject(error) && typeof error['statusCode'] === 'number' ? error['statusCode'] : undefined;
}

function reasonOf(error: unknown): string {
  if (isObject(error) && isObject(error['body'])) return errorReason(error['body']['error']);
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return excerpt(message);
}

/** Type and reason of an error as OpenSearch describes it. */
export function errorReason(error: unknown): string {
  if (!isObject(error)) return excerpt(String(error));
  const cause = isObject(error['caused_by']) ? ` (${errorReason(error['caused_by'])})` : '';
  return excerpt(`${String(error['type'])}: ${String(error['reason'])}${cause}`);
}

function excerpt(value: unknown): string {
  return String(value).replace(/\s+/g, ' ').slice(0, 300);
}

/** Whether a value has fields. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
