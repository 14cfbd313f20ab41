/**
 * Requests to dashboards: one answer or one error of the port, within a time that includes the answer's body. Follows no
 * redirects, retries nothing, and reads a bounded part of what comes.
 */
import { isLongshoreError, LongshoreError } from '@longshore/job';
import { retryAfterMs } from '@longshore/webhooks';
import { request, type Dispatcher } from 'undici';

/** Options of {@link dashboardClient}. */
export interface DashboardClientOptions {
  /** Of the dashboard, for people: `Geckoboard`. */
  readonly name: string;
  /** How long a request may take, its answer included. */
  readonly timeoutMs: number;
  /** What helps with a status, such as 401. */
  readonly remedies?: Readonly<Record<number, string>>;
  /** For a `Retry-After` that is a date. Default `Date.now`. */
  readonly nowMs?: () => number;
  /** Default: undici's own. */
  readonly dispatcher?: Dispatcher;
}

/** A request. */
export interface DashboardRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Sends requests; gives the body of a 2xx, `undefined` for 404 to a DELETE. */
export type DashboardClient = (request: DashboardRequest) => Promise<string | undefined>;

const MAX_ANSWER_BYTES = 1_048_576;
/** Enough of an error page to know it by. */
const SHOWN_CHARACTERS = 200;

/** Makes a client. It throws the errors of the port {@link DashboardSink}. */
export function dashboardClient(options: DashboardClientOptions): DashboardClient {
  const { name, timeoutMs, nowMs = Date.now } = options;
  return async ({ method, url, headers = {}, body, signal }) => {
    const what = `${name}: ${method} ${url.pathname}`;
    const within = AbortSignal.timeout(timeoutMs);
    let answer: Answer;
    try {
      answer = await exchange({
        url,
        method,
        headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body }),
        ...(options.dispatcher === undefined ? {} : { dispatcher: options.dispatcher }),
        signal: signal === undefined ? within : AbortSignal.any([signal, within]),
      });
    } catch (cause) {
      signal?.throwIfAborted();
      const why = within.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(cause);
      throw unreachable(`${what}: ${why}`, cause);
    }
    const { status } = answer;
    if (status >= 200 && status < 300) return answer.text;
    if (method === 'DELETE' && status === 404) return undefined;
    throw fault(what, answer, options.remedies?.[status], nowMs());
  };
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

type Exchange = { readonly url: URL } & NonNullable<Parameters<typeof request>[1]>;

async function exchange({ url, ...options }: Exchange): Promise<Answer> {
  const { statusCode, headers, body } = await request(url, options);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) break;
  }
  const retryAfter = headers['retry-after'];
  return {
    status: statusCode,
    retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
    text: Buffer.concat(chunks).toString(),
  };
}

/** A host that may not be reached stays so; all else may be better next time. */
function unreachable(what: string, cause: unknown): LongshoreError {
  if (isLongshoreError(cause, 'address_forbidden'))
    return new LongshoreError('dashboard_refused', what, { cause });
  return new LongshoreError('dashboard_unavailable', `${what}; try again later`, { cause, retryable: true });
}

function reasonOf(cause: unknown): string {
  const first: unknown = cause instanceof AggregateError ? (cause.errors[0] ?? cause) : cause;
  return `the connection failed: ${first instanceof Error ? first.message : String(first)}`;
}

function fault(
  what: string,
  { status, retryAfter, text }: Answer,
  remedy: string | undefined,
  nowMs: number,
): LongshoreError {
  const retryable = status === 429 || status === 408 || status >= 500;
  const afterMs = retryAfterMs(retryAfter, nowMs);
  return new LongshoreError(
    retryable ? 'dashboard_unavailable' : 'dashboard_refused',
    `${what}: status ${status}: ${messageOf(text)}${remedy === undefined ? '' : `; ${remedy}`}`,
    { retryable, details: { status, ...(afterMs === undefined ? {} : { retryAfterMs: afterMs }) } },
  );
}

/** Geckoboard says `{error: {message}}`, Grafana `{message}`; a proxy in between answers HTML. */
function messageOf(text: string): string {
  try {
    const parsed = JSON.parse(text) as { error?: { message?: unknown }; message?: unknown } | null;
    const message = parsed?.error?.message ?? parsed?.message;
    if (typeof message === 'string') return message;
  } catch {
    // Not JSON: what came is shown instead.
  }
  return text.slice(0, SHOWN_CHARACTERS) || 'no body';
}
