/**
 * Geckoboard's datasets API. One call is one request: it splits nothing and retries nothing, so that whoever shares out
 * the calls of a minute knows of each.
 */
import { createHash } from 'node:crypto';
import { LongshoreError } from '@longshore/job';
import { checkedSink } from '../checked-sink.ts';
import type { DashboardSink, Dataset, Field, SinkLimits } from '../dashboard-sink.ts';
import { dashboardClient } from '../http/dashboard-client.ts';

/** What Geckoboard documents; `docs/dashboard-sinks.md` names the pages. */
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

/** Enough to tell keys apart; it stands in a database, from which nobody is to learn the key. */
const ACCOUNT_DIGITS = 16;
const DEFAULT_TIMEOUT_MS = 15_000;
const REMEDIES: Readonly<Record<number, string>> = {
  401: 'check GECKOBOARD_API_KEY',
  409: 'a dataset of this id has other fields: give yours another id, or remove that one and its rows',
};

/** A sink to Geckoboard. @throws LongshoreError `invalid_options` without a key */
export function geckoboardSink(options: GeckoboardSinkOptions): DashboardSink {
  const { apiKey, url: base = 'https://api.geckoboard.com', timeoutMs = DEFAULT_TIMEOUT_MS, nowMs } = options;
  if (apiKey.trim() === '')
    throw new LongshoreError('invalid_options', 'GECKOBOARD_API_KEY is empty: give the key of your account');
  const headers = { authorization: `Basic ${Buffer.from(`${apiKey}:`).toString('base64')}` };
  const send = dashboardClient({
    name: 'Geckoboard',
    timeoutMs,
    remedies: REMEDIES,
    ...(nowMs === undefined ? {} : { nowMs }),
  });
  const urlOf = (id: string, part = ''): URL => new URL(`/datasets/${encodeURIComponent(id)}${part}`, base);
  return checkedSink<DashboardSink>({
    name: 'geckoboard',
    limits: GECKOBOARD_LIMITS,
    isLocal: false,
    account: `geckoboard ${createHash('sha256').update(apiKey).digest('hex').slice(0, ACCOUNT_DIGITS)}`,
    async describe(dataset, { signal } = {}) {
      const body = JSON.stringify(description(dataset));
      await send({ method: 'PUT', url: urlOf(dataset.id), headers, body, signal });
    },
    async push(dataset, rows, mode, { signal } = {}) {
      const order =
        mode === 'replace' || dataset.deleteBy === undefined ? {} : { delete_by: dataset.deleteBy };
      const method = mode === 'replace' ? 'PUT' : 'POST';
      const body = JSON.stringify({ data: rows, ...order });
      await send({ method, url: urlOf(dataset.id, '/data'), headers, body, signal });
    },
    async remove(id, { signal } = {}) {
      await send({ method: 'DELETE', url: urlOf(id), headers, signal });
    },
  });
}

function description({ fields, uniqueBy }: Dataset): unknown {
  const entries = Object.entries(fields).map(([id, field]) => [id, fieldDescription(field)] as const);
  return { fields: Object.fromEntries(entries), unique_by: uniqueBy };
}

function fieldDescription({ type, name, optional, currencyCode, timeUnit }: Field): unknown {
  return { type, name, optional, currency_code: currencyCode, time_unit: timeUnit };
}
