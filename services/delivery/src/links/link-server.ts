/**
 * `GET /d/<token>`: a stable address for a file. Each visit is looked up, logged and answered with a URL that lives for
 * minutes, or with the bytes themselves where the object store has no such URLs. Nothing else is served.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { errorDetails, sleep, systemClock, type Clock } from '@longshore/job';
import type { ObjectStore } from '@longshore/objects';
import type { Logger } from '@longshore/worker';
import type { Link, Links } from '../store/delivery-store.ts';
import { contentDisposition } from './content-disposition.ts';
import { hashOfToken } from './link-token.ts';

/** Options of {@link serveLinks}. */
export interface LinkServerOptions {
  readonly links: Links;
  readonly objects: ObjectStore;
  readonly log: Logger;
  /** Default 0, a free one. */
  readonly port?: number;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** How long the URL lives that a visit is sent on to, from 1 s. Default 2 minutes: less than credentials have left. */
  readonly presignForMs?: number;
  readonly clock?: Clock;
}

/** A running server. */
export interface LinkServer extends AsyncDisposable {
  readonly port: number;
  /** Takes no more visits, and gives those under way 5 seconds. */
  close(): Promise<void>;
}

const PRESIGN_MS = 120_000;
/** 32 bytes in base64url. */
const PATH = /^\/d\/([A-Za-z0-9_-]{43})$/;
const CLOSE_MS = 5_000;
/** Nothing about a link is for a cache, a search engine or the next site. */
const PRIVATE = {
  'cache-control': 'private, no-store',
  'referrer-policy': 'no-referrer',
  'x-robots-tag': 'noindex',
};

/** Starts serving links. */
export async function serveLinks(options: LinkServerOptions): Promise<LinkServer> {
  const { port = 0, host = '127.0.0.1', log, clock = systemClock } = options;
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, (request, response) => {
    answer(request, response, options).catch((error: unknown) => {
      log.error({ err: error, code: errorDetails(error).code }, 'A link could not be followed');
      if (response.headersSent) response.destroy();
      else refuse(response, 503, 'Try again later');
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  let closing: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const enough = new AbortController();
    void closed.then(() => enough.abort());
    await sleep(CLOSE_MS, { clock, signal: enough.signal });
    server.closeAllConnections();
    await closed;
  };
  const close = (): Promise<void> => (closing ??= end());
  return { port: (server.address() as AddressInfo).port, close, [Symbol.asyncDispose]: close };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: LinkServerOptions,
): Promise<void> {
  const { links, log, clock = systemClock } = options;
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  if (path === '/livez') return void response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n');
  const [, token] = PATH.exec(path) ?? [];
  if (token === undefined) return refuse(response, 404, 'There is nothing here');
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, 'Use GET');
  const nowMs = Math.floor(clock.nowMs());
  const link = await links.find(hashOfToken(token));
  const outcome = outcomeOf(link, nowMs);
  const visit = { link: link?.id, tenant: link?.tenant, document: link?.documentId, outcome };
  log.info({ ...visit, from: request.socket.remoteAddress }, 'Link visited');
  if (link === undefined) return refuse(response, 404, 'There is nothing here');
  if (outcome !== 'open') return refuse(response, 410, `This link is ${outcome}`);
  await links.used(link.id, nowMs);
  await serve(link, request, response, options);
}

function outcomeOf(link: Link | undefined, nowMs: number): 'unknown' | 'revoked' | 'expired' | 'open' {
  if (link === undefined) return 'unknown';
  if (link.revokedAtMs !== undefined) return 'revoked';
  return link.expiresAtMs <= nowMs ? 'expired' : 'open';
}

async function serve(
  { file }: Link,
  request: IncomingMessage,
  response: ServerResponse,
  { objects, presignForMs = PRESIGN_MS }: LinkServerOptions,
): Promise<void> {
  if (objects.capabilities.presignedReads) {
    const url = await objects.presign(file.key, { expiresInMs: presignForMs });
    return void response.writeHead(302, { ...PRIVATE, location: url.href }).end();
  }
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const found = await objects.get(file.key, { signal: gone.signal });
  if (found === undefined) return refuse(response, 410, 'This file is gone');
  response.writeHead(200, {
    ...PRIVATE,
    'content-type': file.contentType,
    'content-length': found.bytes,
    'content-disposition': contentDisposition(file.name),
    // What somebody uploaded must not run as a page of ours.
    'content-security-policy': "sandbox; default-src 'none'",
    'x-content-type-options': 'nosniff',
  });
  if (request.method === 'HEAD') {
    await found.body[Symbol.asyncIterator]().return?.();
    return void response.end();
  }
  await pipeline(found.body, response).catch((error: unknown) => {
    // A reader that leaves is no failure.
    if (!gone.signal.aborted) throw error;
  });
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { ...PRIVATE, 'content-type': 'text/plain; charset=utf-8' }).end(`${reason}\n`);
}
