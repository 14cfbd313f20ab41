/**
 * Datasets as JSON over HTTP, for Grafana's Infinity and JSON API data sources: `GET /datasets/<id>` is an array of rows.
 * Holds the rows in this process.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { LongshoreError, systemClock, type Clock } from '@longshore/job';
import { checkedSink } from '../checked-sink.ts';
import type { OpenedSink } from '../dashboard-sink.ts';
import { rowTables, type RowTables, type Table } from '../served/row-table.ts';
import { plain, serveHttp, type Served } from '../served/serve-http.ts';

/** An answer is one array, read whole by Grafana: about 1 MB at most. */
const MAX_ROWS = 5_000;

/** Options of {@link grafanaSink}. */
export interface GrafanaSinkOptions {
  /** Where datasets are served. Default 0, a free port. */
  readonly port?: number;
  /** Default `127.0.0.1`; containers pass `0.0.0.0`. */
  readonly host?: string;
  /** What readers send as `Authorization: Bearer …`, at least 16 characters. Default: everybody may read. */
  readonly token?: string;
  readonly clock?: Clock;
}

/** A running sink. Disposing of it gives answers under way 5 seconds. */
export interface GrafanaSink extends OpenedSink {
  readonly port: number;
}

/** Fewer can be guessed. */
export const MIN_TOKEN_CHARACTERS = 16;
const JSON_TYPE = 'application/json';

/** Starts serving. @throws LongshoreError `invalid_options` for a short token, or where it cannot listen */
export async function grafanaSink(options: GrafanaSinkOptions = {}): Promise<GrafanaSink> {
  const { clock = systemClock, port = 0, token } = options;
  if (token !== undefined && token.length < MIN_TOKEN_CHARACTERS)
    throw new LongshoreError(
      'invalid_options',
      `The token of Grafana's readers has ${token.length} characters: give at least ${MIN_TOKEN_CHARACTERS} random ones`,
    );
  const tables = rowTables(MAX_ROWS);
  const answer = (path: string, headers: IncomingHttpHeaders): Served =>
    token === undefined || isBearer(headers.authorization, token) ? found(path, tables) : UNAUTHORIZED;
  const server = await serveHttp({ ...options, port, clock, answer });
  return checkedSink<GrafanaSink>({
    name: 'grafana',
    limits: { rowsPerDataset: MAX_ROWS },
    isLocal: true,
    port: server.port,
    describe(dataset) {
      tables.describe(dataset);
      return Promise.resolve();
    },
    push(dataset, rows, mode) {
      tables.push(dataset, rows, mode, clock.nowMs());
      return Promise.resolve();
    },
    remove(id) {
      tables.remove(id);
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  });
}

const UNAUTHORIZED: Served = {
  ...plain(401, 'Send the token as Authorization: Bearer'),
  headers: { 'www-authenticate': 'Bearer' },
};

function found(path: string, tables: RowTables): Served {
  // Grafana's data sources ask for / when they are saved and tested.
  if (path === '/') return plain(200, 'Datasets are at /datasets');
  if (path === '/datasets') return json(tables.all().map(summary));
  const [, id] = /^\/datasets\/([0-9a-z._-]+)$/.exec(path) ?? [];
  const table = id === undefined ? undefined : tables.get(id);
  if (table === undefined) return plain(404, 'There is no such dataset; /datasets lists them');
  const { rows, pushedAtMs } = table;
  if (pushedAtMs === undefined) return json(rows);
  return { ...json(rows), headers: { 'last-modified': new Date(pushedAtMs).toUTCString() } };
}

function summary({ dataset, rows, pushedAtMs }: Table): unknown {
  const { id, fields, uniqueBy } = dataset;
  const pushedAt = pushedAtMs === undefined ? null : new Date(pushedAtMs).toISOString();
  return { id, fields, uniqueBy, rows: rows.length, pushedAt };
}

function json(value: unknown): Served {
  return { status: 200, type: JSON_TYPE, body: JSON.stringify(value) };
}

/** In the same time whatever the text, its length included. */
function isBearer(authorization: string | undefined, token: string): boolean {
  const [, given = ''] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}
