/**
 * Stands in for Geckoboard's datasets API, by what is documented (`geckoboard-rules.ts`) and no more; the live API may
 * differ. Its clock is the one given: 60 requests in any 60 seconds, refused ones among them, are its limit.
 */
import type { IncomingMessage } from 'node:http';
import {
  startFaultyServer,
  type SinkFault,
  type StandInAnswer,
} from '@longshore/service-dashboard-sync/conformance';
import {
  readData,
  readDefinition,
  RECORDS,
  REQUESTS_PER_MINUTE,
  type Data,
  type Definition,
  type Entry,
} from './geckoboard-rules.ts';

/** How the stand-in fails the next request. */
export type Fault = keyof typeof FAULTS | SinkFault;

/** A running stand-in. */
export interface GeckoboardStandIn extends AsyncDisposable {
  readonly url: string;
  /** Requests per minute of the clock, refused ones among them. */
  readonly callsByMinute: ReadonlyMap<number, number>;
  /** Of any 60 seconds of the clock, the most requests, refused ones among them. */
  readonly mostCallsInAMinute: () => number;
  failNext(fault: Fault): void;
  rows(id: string): readonly Entry[];
}

const FAULTS = {
  throttle: { status: 429, retryAfter: '7' },
  'throttle-silently': { status: 429 },
  'bad-gateway': { status: 502, html: '<html>502 Bad Gateway</html>' },
} as const satisfies Record<string, SinkFault>;

interface Held {
  readonly definition: Definition;
  rows: readonly Entry[];
}

/** Starts a stand-in on a free port of loopback. */
export async function geckoboardStandIn(options: {
  readonly apiKey: string;
  readonly nowMs: () => number;
}): Promise<GeckoboardStandIn> {
  const datasets = new Map<string, Held>();
  const callsByMinute = new Map<number, number>();
  let recentMs: readonly number[] = [];
  let mostCalls = 0;
  const count = (nowMs: number): void => {
    const minute = Math.floor(nowMs / 60_000);
    callsByMinute.set(minute, (callsByMinute.get(minute) ?? 0) + 1);
    recentMs = [...recentMs.filter((atMs) => atMs > nowMs - 60_000), nowMs];
    mostCalls = Math.max(mostCalls, recentMs.length);
  };
  const expected = `Basic ${Buffer.from(`${options.apiKey}:`).toString('base64')}`;
  const server = await startFaultyServer(
    (request, body) => {
      if (request.headers.authorization !== expected) return refused(401, 'Your API key is invalid');
      if (recentMs.length > REQUESTS_PER_MINUTE) return refused(429, 'You have exceeded the API rate limit');
      return perform(datasets, request, body);
    },
    () => count(options.nowMs()),
  );
  return {
    url: server.url,
    callsByMinute,
    mostCallsInAMinute: () => mostCalls,
    failNext: (fault) => server.failNext(isNamed(fault) ? FAULTS[fault] : fault),
    rows: (id) => datasets.get(id)?.rows ?? [],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function isNamed(fault: Fault): fault is keyof typeof FAULTS {
  return typeof fault === 'string' && Object.hasOwn(FAULTS, fault);
}

function refused(status: number, message: string): StandInAnswer {
  return { status, body: { error: { message } } };
}

function perform(
  datasets: Map<string, Held>,
  { method, url = '', headers }: IncomingMessage,
  text: string,
): StandInAnswer {
  if (method === 'GET' && url === '/') return { status: 200, body: {} };
  const [, id = '', isData] = /^\/datasets\/([^/]+)(\/data)?$/.exec(url) ?? [];
  const held = datasets.get(id);
  if (method === 'DELETE' && isData === undefined) {
    datasets.delete(id);
    return held === undefined ? refused(404, `Dataset "${id}" not found`) : { status: 200, body: {} };
  }
  if (method !== 'PUT' && (method !== 'POST' || isData === undefined)) return refused(404, 'Not found');
  if (headers['content-type'] !== 'application/json') return refused(400, 'Expected application/json');
  if (isData === undefined) return define(datasets, id, jsonOf(text));
  if (held === undefined) return refused(404, `Dataset "${id}" not found`);
  return write(held, method === 'PUT', jsonOf(text));
}

/** ruby: an existing dataset is verified, and a different one is a conflict. */
function define(datasets: Map<string, Held>, id: string, body: unknown): StandInAnswer {
  const definition = readDefinition(body);
  if (typeof definition === 'string') return refused(400, definition);
  const held = datasets.get(id);
  if (held !== undefined && JSON.stringify(held.definition) !== JSON.stringify(definition))
    return refused(409, `Dataset "${id}" has other fields`);
  if (held === undefined) datasets.set(id, { definition, rows: [] });
  return { status: held === undefined ? 201 : 200, body: { id, ...definition } };
}

function write(held: Held, isReplacement: boolean, body: unknown): StandInAnswer {
  const data = readData(body, held.definition, isReplacement);
  if (typeof data === 'string') return refused(400, data);
  held.rows = truncated(merged(held.definition, isReplacement ? [] : held.rows, data), data);
  return { status: 200, body: {} };
}

/** append: without `unique_by` all rows are added, with it they are merged into what is there. */
function merged(
  { unique_by: uniqueBy }: Definition,
  before: readonly Entry[],
  { data }: Data,
): readonly Entry[] {
  if (uniqueBy === undefined) return [...before, ...data];
  const keyOf = (row: Entry): string => JSON.stringify(uniqueBy.map((id) => row[id]));
  return [...new Map([...before, ...data].map((row) => [keyOf(row), row])).values()];
}

/** append: "old records will be discarded", in the order of `delete_by`. */
function truncated(rows: readonly Entry[], { delete_by: deleteBy }: Data): readonly Entry[] {
  const atMs = (row: Entry): number => Date.parse(String(row[deleteBy ?? '']));
  const sorted = deleteBy === undefined ? rows : rows.toSorted((a, b) => atMs(a) - atMs(b));
  return sorted.slice(-RECORDS);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
