/**
 * Rows of chosen datasets as annotations of a Grafana: a mark on every graph for a failed push, a spike, a deployment.
 * Grafana gives annotations ids of its own, so each row carries a tag by which it is found again: a row that comes twice
 * is one annotation.
 */
import { LongshoreError } from '@longshore/job';
import { z } from 'zod';
import { checkedSink } from '../checked-sink.ts';
import type { DashboardSink, Dataset, Row, SinkLimits } from '../dashboard-sink.ts';
import { dashboardClient, type DashboardClient } from '../http/dashboard-client.ts';
import { annotationOf, datasetTags, rowTag, timeField, type Annotation } from './annotation.ts';

/** Ours: a row costs two requests. */
const LIMITS: SinkLimits = { rowsPerRequest: 50 };
/** More than the rows of a push, so that a page always holds some of those that a replacement removes. */
const PAGE_ROWS = 100;

/** Options of {@link grafanaAnnotationsSink}. */
export interface GrafanaAnnotationsSinkOptions {
  /** Of the Grafana, such as `https://grafana.example.com` or `https://example.com/grafana`. */
  readonly url: string;
  /** Of a service account that may read, create, write and delete annotations of its organisation. */
  readonly token: string;
  /** Ids of the datasets whose rows are events. Others are left out without a word. */
  readonly datasets: readonly string[];
  /** How long one request may take. Default 15,000. */
  readonly timeoutMs?: number;
  /** For a `Retry-After` that is a date. Default `Date.now`. */
  readonly nowMs?: () => number;
}

const DEFAULT_TIMEOUT_MS = 15_000;
/** Grafana keeps 100 characters of a tag. */
const MAX_ID_CHARACTERS = 100;
const REMEDIES: Readonly<Record<number, string>> = {
  401: "check the service account's token",
  403: 'allow the service account annotations:read, annotations:create, annotations:write and annotations:delete',
};
const heldSchema = z.array(
  z.object({
    id: z.number(),
    time: z.number(),
    text: z.string(),
    tags: z
      .array(z.string())
      .nullish()
      .transform((tags) => tags ?? []),
  }),
);
type Held = z.infer<typeof heldSchema>[number];
type Ask = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown) => Promise<unknown>;

/** A sink to a Grafana. @throws LongshoreError `invalid_options` for a URL, token or list that cannot be used */
export function grafanaAnnotationsSink(options: GrafanaAnnotationsSinkOptions): DashboardSink {
  const { token, datasets, timeoutMs = DEFAULT_TIMEOUT_MS, nowMs } = options;
  const base = parseBase(options.url);
  if (token.trim() === '' || datasets.length === 0)
    throw new LongshoreError(
      'invalid_options',
      "Cannot annotate: give a service account's token and the ids of the datasets whose rows are events",
    );
  const client = dashboardClient({
    name: 'Grafana',
    timeoutMs,
    remedies: REMEDIES,
    ...(nowMs === undefined ? {} : { nowMs }),
  });
  const asking = (signal: AbortSignal | undefined): Ask => askerOf(client, base, token, signal);
  return checkedSink<DashboardSink>({
    name: 'grafana-annotations',
    limits: LIMITS,
    isLocal: false,
    describe(dataset) {
      if (datasets.includes(dataset.id)) timeOf(dataset);
      return Promise.resolve();
    },
    async push(dataset, rows, mode, { signal } = {}) {
      if (!datasets.includes(dataset.id)) return;
      const ask = asking(signal);
      if (mode === 'replace') await removeOthers(ask, dataset, rows);
      for (const row of rows) await upsert(ask, annotationOf(dataset, timeOf(dataset), row));
    },
    async remove(id, { signal } = {}) {
      if (datasets.includes(id)) await removeAll(asking(signal), id, new Set());
    },
  });
}

function parseBase(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '')
    return new URL(url.href.endsWith('/') ? url.href : `${url.href}/`);
  throw new LongshoreError('invalid_options', `"${text}" is no http or https URL of a Grafana`);
}

/** The field of an event's time. */
function timeOf(dataset: Dataset): string {
  const time = timeField(dataset);
  if (time === undefined)
    throw refusal(dataset, 'no field says when an event was; add a date or datetime that is not optional');
  if (dataset.id.length > MAX_ID_CHARACTERS)
    throw refusal(dataset, `its id is a tag, of at most ${MAX_ID_CHARACTERS} characters`);
  return time;
}

function refusal({ id }: Dataset, fault: string): LongshoreError {
  return new LongshoreError('invalid_options', `Dataset "${id}" cannot be annotated: ${fault}`, {
    details: { faults: [fault] },
  });
}

async function upsert(ask: Ask, annotation: Annotation): Promise<void> {
  const [held, ...doubles] = await find(ask, annotation.tags);
  // Two pushes at the same time may both have found nothing.
  for (const { id } of doubles) await ask('DELETE', `api/annotations/${id}`);
  if (held === undefined) await ask('POST', 'api/annotations', annotation);
  else if (held.time !== annotation.time || held.text !== annotation.text)
    await ask('PATCH', `api/annotations/${held.id}`, annotation);
}

async function removeOthers(ask: Ask, dataset: Dataset, rows: readonly Row[]): Promise<void> {
  await removeAll(ask, dataset.id, new Set(rows.map((row) => rowTag(dataset, row))));
}

/** Page by page: what was removed is gone from the next one, and a page without anything to remove is the last. */
async function removeAll(ask: Ask, id: string, kept: ReadonlySet<string>): Promise<void> {
  const removed = new Set<number>();
  for (;;) {
    const page = await find(ask, datasetTags(id));
    const others = page.filter((each) => !removed.has(each.id) && !each.tags.some((tag) => kept.has(tag)));
    if (others.length === 0) return;
    for (const each of others) {
      await ask('DELETE', `api/annotations/${each.id}`);
      removed.add(each.id);
    }
  }
}

async function find(ask: Ask, tags: readonly string[]): Promise<readonly Held[]> {
  const query = new URLSearchParams([
    ['type', 'annotation'],
    ['limit', String(PAGE_ROWS)],
    ...tags.map((tag): [string, string] => ['tags', tag]),
  ]);
  const answer = heldSchema.safeParse(await ask('GET', `api/annotations?${query.toString()}`));
  if (answer.success) return answer.data;
  throw new LongshoreError(
    'dashboard_refused',
    `Grafana: GET /api/annotations: no list of annotations came; is the URL that of a Grafana?`,
    { cause: answer.error },
  );
}

function askerOf(client: DashboardClient, base: URL, token: string, signal: AbortSignal | undefined): Ask {
  return async (method, path, body) => {
    const text = await client({
      method,
      url: new URL(path, base),
      headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
    });
    return text === undefined ? undefined : parsed(text);
  };
}

/** `undefined` for what is no JSON, such as the page of a login. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
