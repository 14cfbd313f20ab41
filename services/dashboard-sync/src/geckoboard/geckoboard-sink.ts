/**
 * Geckoboard's datasets API over fetch. One call is one request: it splits nothing and retries nothing, so that whoever
 * shares out the calls of a minute knows of each.
 */
import { LongshoreError } from '@longshore/job';
import type { DashboardSink, Dataset, Field, SinkLimits } from '../dashboard-sink.ts';

/** What Geckoboard documents; `docs/dashboards.md` names the pages. */
export const GECKOBOARD_LIMITS: SinkLimits = {
  rowsPerRequest: 500,
  rowsPerDataset: 5_000,
  fields: 10,
  stringLength: 100,
  requestsPerMinute: 60,
};

/** Options of {@link geckoboardSink}. */
export interface GeckoboardSinkOptions {
  readonly apiKey: string;
  /** Default `https://api.geckoboard.com`. */
  readonly url?: string;
  /** How long a request may take, its answer included. Default 15,000: a merge of 500 rows is slow at times. */
  readonly timeoutMs?: number;
  /** For a `Retry-After` that is a date. Default `Date.now`. */
  readonly nowMs?: () => number;
}

const DEFAULT_TIMEOUT_MS = 15_000;
/** Enough of an error page to know it by. */
const SHOWN_CHARACTERS = 200;

/** A sink to Geckoboard. @throws LongshoreError `invalid_options` without a key */
export function geckoboardSink(options: GeckoboardSinkOptions): DashboardSink {
  if (options.apiKey.trim() === '')
    throw new LongshoreError('invalid_options', 'GECKOBOARD_API_KEY is empty: give the key of your account');
  const send = sender(options);
  return {
    name: 'geckoboard',
    limits: GECKOBOARD_LIMITS,
    async describe(dataset, { signal } = {}) {
      await send('PUT', dataset.id, description(dataset), signal);
    },
    async push(dataset, rows, mode, { signal } = {}) {
      const order =
        mode === 'replace' || dataset.deleteBy === undefined ? {} : { delete_by: dataset.deleteBy };
      const method = mode === 'replace' ? 'PUT' : 'POST';
      await send(method, `${dataset.id}/data`, { data: rows, ...order }, signal);
    },
    async remove(id, { signal } = {}) {
      await send('DELETE', id, undefined, signal);
    },
  };
}

function description({ fields, uniqueBy }: Dataset): unknown {
  const entries = Object.entries(fields).map(([id, field]) => [id, fieldDescription(field)] as const);
  return { fields: Object.fromEntries(entries), unique_by: uniqueBy };
}

function fieldDescription({ type, name, optional, currencyCode, timeUnit }: Field): unknown {
  return { type, name, optional, currency_code: currencyCode, time_unit: timeUnit };
}

type Send = (method: string, path: string, body: unknown, signal: AbortSignal | undefined) => Promise<void>;

function sender(options: GeckoboardSinkOptions): Send {
  const { apiKey, url = 'https://api.geckoboard.com', timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const nowMs = options.nowMs ?? Date.now;
  const authorization = `Basic ${Buffer.from(`${apiKey}:`).toString('base64')}`;
  return async (method, path, body, signal) => {
    const what = `${method} /datasets/${path}`;
    const within = AbortSignal.timeout(timeoutMs);
    let response: Response;
    let text: string;
    try {
      response = await fetch(new URL(`/datasets/${path}`, url), {
        method,
        headers: { authorization, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: 'error',
        signal: signal === undefined ? within : AbortSignal.any([signal, within]),
      });
      text = await response.text();
    } catch (cause) {
      signal?.throwIfAborted();
      const why = within.aborted ? `no answer within ${timeoutMs} ms` : 'the connection failed';
      throw new LongshoreError('dashboard_unavailable', `Geckoboard: ${what}: ${why}; try again later`, {
        cause,
        retryable: true,
      });
    }
    if (response.ok || (method === 'DELETE' && response.status === 404)) return;
    throw fault(what, response, text, nowMs());
  };
}

function fault(what: string, { status, headers }: Response, text: string, nowMs: number): LongshoreError {
  const retryable = status === 429 || status === 408 || status >= 500;
  const retryAfterMs = readRetryAfter(headers.get('retry-after'), nowMs);
  const remedy = status === 401 ? '; check GECKOBOARD_API_KEY' : '';
  return new LongshoreError(
    retryable ? 'dashboard_unavailable' : 'dashboard_refused',
    `Geckoboard: ${what}: status ${status}: ${messageOf(text)}${remedy}`,
    { retryable, details: { status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) } },
  );
}

/** `Retry-After` is seconds or a date. */
function readRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}

/** Documented as `{error: {message}}`; a proxy in between answers HTML. */
function messageOf(text: string): string {
  try {
    const parsed = JSON.parse(text) as { readonly error?: { readonly message?: unknown } } | null;
    if (typeof parsed?.error?.message === 'string') return parsed.error.message;
  } catch {
    // Not JSON: what came is shown instead.
  }
  return text.slice(0, SHOWN_CHARACTERS) || 'no body';
}
