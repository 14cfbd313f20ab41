/**
 * Stands in for Geckoboard's datasets API, by what is documented and no more; the live API may differ. Sources:
 * developer.geckoboard.com (datasets, types, `delete_by`, 10 fields, 5,000 records: article 360019753091),
 * support.geckoboard.com article 360015124952 (60 requests a minute), github.com/geckoboard/sql-dataset `client.go`
 * (500 rows a request). Its minute is by the clock given.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

/** How the stand-in fails the next request. */
export type Fault = 'throttle' | 'throttle-silently' | 'bad-gateway' | 'hang' | 'reset';

/** A running stand-in. */
export interface GeckoboardStandIn extends AsyncDisposable {
  readonly url: string;
  /** Requests per minute of the clock, refused ones among them. */
  readonly callsByMinute: ReadonlyMap<number, number>;
  failNext(fault: Fault): void;
  rows(id: string): readonly Readonly<Record<string, unknown>>[];
}

const fieldSchema = z.object({ type: z.string(), name: z.string(), optional: z.boolean().optional() });
const datasetSchema = z.object({ fields: z.record(z.string(), fieldSchema), unique_by: z.array(z.string()) });
const dataSchema = z.object({
  data: z.array(z.record(z.string(), z.unknown())),
  delete_by: z.string().optional(),
});
type Held = z.infer<typeof datasetSchema> & { rows: Record<string, unknown>[] };
type Answer = readonly [status: number, message?: string];

/** Starts a stand-in on a free port of loopback. */
export async function geckoboardStandIn(options: {
  readonly apiKey: string;
  readonly nowMs: () => number;
}): Promise<GeckoboardStandIn> {
  const datasets = new Map<string, Held>();
  const callsByMinute = new Map<number, number>();
  const faults: Fault[] = [];
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const minute = Math.floor(options.nowMs() / 60_000);
    const calls = (callsByMinute.get(minute) ?? 0) + 1;
    callsByMinute.set(minute, calls);
    const planned = faults.shift();
    if (planned !== undefined) return fail(planned, response);
    const expected = `Basic ${Buffer.from(`${options.apiKey}:`).toString('base64')}`;
    if (request.headers.authorization !== expected) return reply(response, [401, 'Your API key is invalid']);
    if (calls > 60) return reply(response, [429, 'You have exceeded the API rate limit']);
    reply(response, perform(datasets, request, body));
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    callsByMinute,
    failNext: (fault) => void faults.push(fault),
    rows: (id) => datasets.get(id)?.rows ?? [],
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function fail(fault: Fault, response: ServerResponse): void {
  if (fault === 'hang') return;
  if (fault === 'reset') return void response.socket?.resetAndDestroy();
  if (fault === 'bad-gateway')
    return void response.writeHead(502, { 'content-type': 'text/html' }).end('<html>502 Bad Gateway</html>');
  if (fault === 'throttle') response.setHeader('retry-after', '7');
  reply(response, [429, 'You have exceeded the API rate limit']);
}

function reply(response: ServerResponse, [status, message]: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(message === undefined ? {} : { error: { message } }));
}

function perform(datasets: Map<string, Held>, { method, url = '' }: IncomingMessage, body: string): Answer {
  const [, id = '', isData] = /^\/datasets\/([^/]+)(\/data)?$/.exec(url) ?? [];
  if (id === '') return [404, 'Not found'];
  if (method === 'PUT' && isData === undefined) return define(datasets, id, body);
  const held = datasets.get(id);
  if (held === undefined) return [404, `Dataset "${id}" not found`];
  if (method === 'DELETE') {
    datasets.delete(id);
    return [200];
  }
  return write(held, method === 'PUT', body);
}

function define(datasets: Map<string, Held>, id: string, body: string): Answer {
  const parsed = datasetSchema.safeParse(JSON.parse(body));
  if (!parsed.success) return [400, parsed.error.message];
  if (Object.keys(parsed.data.fields).length > 10) return [400, 'A dataset has at most 10 fields'];
  if (!datasets.has(id)) datasets.set(id, { ...parsed.data, rows: [] });
  return [200];
}

function write(held: Held, isReplacement: boolean, body: string): Answer {
  const parsed = dataSchema.safeParse(JSON.parse(body));
  if (!parsed.success) return [400, parsed.error.message];
  const { data, delete_by: deleteBy } = parsed.data;
  if (data.length > 500) return [400, 'At most 500 rows in a request'];
  for (const row of data) {
    const wrong = refused(held, row);
    if (wrong !== undefined) return [400, wrong];
  }
  const keyOf = (row: Record<string, unknown>) => JSON.stringify(held.unique_by.map((id) => row[id]));
  const kept = new Map((isReplacement ? [] : held.rows).map((row) => [keyOf(row), row]));
  for (const row of data) kept.set(keyOf(row), row);
  const rows = [...kept.values()];
  if (deleteBy !== undefined) rows.sort((a, b) => (String(a[deleteBy]) < String(b[deleteBy]) ? -1 : 1));
  held.rows = rows.slice(-5_000);
  return [200];
}

function refused({ fields }: Held, row: Record<string, unknown>): string | undefined {
  for (const id of Object.keys(row)) if (!Object.hasOwn(fields, id)) return `Unknown field "${id}"`;
  for (const [id, { type, optional = false }] of Object.entries(fields)) {
    const value = row[id];
    if (value === null && optional) continue;
    const isText = ['string', 'date', 'datetime'].includes(type);
    if (typeof value !== (isText ? 'string' : 'number')) return `Field "${id}" must be a ${type}`;
    if (typeof value === 'string' && value.length > 100) return `Field "${id}" is longer than 100 characters`;
  }
  return undefined;
}
