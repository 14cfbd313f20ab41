/**
 * A small HTTP server for what a sink holds in memory: GET and HEAD, answers that are whole at once, on loopback unless
 * told otherwise. On Linux, several processes of a user may serve the same port.
 */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LongshoreError, sleep, systemClock, type Clock } from '@longshore/job';

/** An answer. */
export interface Served {
  readonly status: number;
  /** Its content type. */
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Options of {@link serveHttp}. */
export interface ServeHttpOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** Default `127.0.0.1`; containers pass `0.0.0.0`. */
  readonly host?: string;
  /** Default: the machine's. */
  readonly clock?: Clock;
  readonly answer: (path: string, headers: IncomingHttpHeaders) => Served;
}

/** A running server. */
export interface HttpServer extends AsyncDisposable {
  readonly port: number;
}

/** A reader has this long to take what it asked for. */
const CLOSE_MS = 5_000;
const READ_MS = 10_000;

/** Starts a server. @throws LongshoreError `invalid_options` where it cannot listen */
export async function serveHttp(options: ServeHttpOptions): Promise<HttpServer> {
  const { port, host = '127.0.0.1', clock = systemClock, answer } = options;
  const server = createServer({ requestTimeout: READ_MS, headersTimeout: READ_MS }, (request, response) => {
    const { status, type, body, headers } =
      request.method === 'GET' || request.method === 'HEAD'
        ? answer((request.url ?? '/').split('?', 1)[0] ?? '/', request.headers)
        : { ...plain(405, 'Use GET'), headers: { allow: 'GET, HEAD' } };
    response.writeHead(status, {
      'content-type': type,
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
    });
    response.end(body);
  });
  await listening(server, port, host);
  let ending: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => (ending ??= end(server, clock)),
  };
}

/** An answer for people. */
export function plain(status: number, text: string): Served {
  return { status, type: 'text/plain; charset=utf-8', body: `${text}\n` };
}

function listening(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const where = `${host}:${port}`;
      reject(
        new LongshoreError(
          'invalid_options',
          `Cannot listen on ${where}: ${cause.message}; give another port or address`,
          { cause },
        ),
      );
    });
    // Workers of one machine share the port, where the system can: all of them tell the same.
    server.listen({ port, host, reusePort: process.platform === 'linux' }, resolve);
  });
}

async function end(server: Server, clock: Clock): Promise<void> {
  // Closes connections that are idle too.
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const enough = new AbortController();
  void closed.then(() => enough.abort());
  await sleep(CLOSE_MS, { clock, signal: enough.signal });
  server.closeAllConnections();
  await closed;
}
