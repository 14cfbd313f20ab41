/**
 * A loopback S3 endpoint that keeps Amazon S3's word on conditional writes: it forwards to fauxqs, and answers
 * `If-None-Match: *` on PutObject and CompleteMultipartUpload itself, one write of a key at a time. It can also be told
 * to fail in the ways that networks and S3 do.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  createServer,
  request as sendRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { finished, pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

/** S3 operations that faults can be planned for. */
export type Operation =
  | 'get'
  | 'head'
  | 'put'
  | 'delete'
  | 'list'
  | 'start-upload'
  | 'part'
  | 'complete'
  | 'abort-upload';

/** Something that goes wrong, once. */
export type Fault =
  /** Refused with this status and error code; nothing was done. */
  | { readonly on: Operation; readonly kind: 'refuse'; readonly status: number; readonly code: string }
  /** Done, but the connection breaks before the answer arrives. */
  | { readonly on: Operation; readonly kind: 'lose-reply' }
  /** Half of the answer's body arrives, then the connection breaks. */
  | { readonly on: Operation; readonly kind: 'cut-reply' }
  /** No answer until the client gives up. */
  | { readonly on: Operation; readonly kind: 'hang' };

/** A running endpoint. */
export interface ConditionalEndpoint extends AsyncDisposable {
  readonly url: string;
  /** Has the next matching requests fail, in this order. */
  plan(...faults: readonly Fault[]): void;
  /** Faults that were planned and did not happen yet. */
  planned(): number;
  /** How many requests of an operation came in. */
  count(operation: Operation): number;
  /** Multipart uploads that were neither completed nor aborted. */
  openUploads(): readonly string[];
  close(): Promise<void>;
}

/** Starts the endpoint and the emulator behind it. */
export async function startConditionalEndpoint(): Promise<ConditionalEndpoint> {
  const child = fork(fileURLToPath(new URL('./fauxqs-process.ts', import.meta.url)), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [upstreamPort] = (await once(child, 'message')) as [number];
  const state: State = { upstreamPort, faults: [], counts: new Map(), uploads: new Set(), writes: new Map() };
  const server = createServer((incoming, reply) => {
    handle(state, incoming, reply).catch(() => reply.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = (): Promise<void> => stop(server, child);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    plan: (...faults) => void state.faults.push(...faults),
    planned: () => state.faults.length,
    count: (operation) => state.counts.get(operation) ?? 0,
    openUploads: () => [...state.uploads],
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface State {
  readonly upstreamPort: number;
  readonly faults: Fault[];
  readonly counts: Map<Operation, number>;
  readonly uploads: Set<string>;
  /** The last write of each key that is under way. */
  readonly writes: Map<string, Promise<void>>;
}

async function stop(server: Server, child: ChildProcess): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

async function handle(state: State, incoming: IncomingMessage, reply: ServerResponse): Promise<void> {
  const url = new URL(incoming.url ?? '/', 'http://endpoint');
  const operation = operationOf(incoming.method ?? 'GET', url);
  if (operation === undefined) return await forward(state, incoming, reply, undefined);
  state.counts.set(operation, (state.counts.get(operation) ?? 0) + 1);
  const index = state.faults.findIndex((fault) => fault.on === operation);
  const [fault] = index === -1 ? [] : state.faults.splice(index, 1);
  if (fault?.kind === 'hang') return;
  if (fault?.kind === 'refuse') return await refuse(incoming, reply, fault.status, fault.code);
  const isWrite = operation === 'put' || operation === 'complete' || operation === 'delete';
  if (!isWrite) return await forward(state, incoming, reply, fault);
  await inTurn(state, url.pathname, async () => {
    const isTaken = incoming.headers['if-none-match'] === '*' && (await exists(state, url.pathname));
    if (isTaken) await refuse(incoming, reply, 412, 'PreconditionFailed');
    else await forward(state, incoming, reply, fault);
  });
}

function operationOf(method: string, url: URL): Operation | undefined {
  const [, , ...key] = url.pathname.split('/');
  const { searchParams: query } = url;
  if (key.join('') === '') return method === 'GET' ? 'list' : undefined;
  if (query.has('uploads')) return 'start-upload';
  if (!query.has('uploadId')) return OBJECT_OPERATIONS[method];
  return UPLOAD_OPERATIONS[method];
}

const OBJECT_OPERATIONS: Readonly<Record<string, Operation>> = {
  GET: 'get',
  HEAD: 'head',
  PUT: 'put',
  DELETE: 'delete',
};
const UPLOAD_OPERATIONS: Readonly<Record<string, Operation>> = {
  PUT: 'part',
  POST: 'complete',
  DELETE: 'abort-upload',
};

/** Runs a write once those of the same key that came before have ended. */
async function inTurn({ writes }: State, key: string, write: () => Promise<void>): Promise<void> {
  const before = writes.get(key);
  const turn = (async () => {
    await before;
    await write().catch(() => undefined);
  })();
  writes.set(key, turn);
  await turn;
  if (writes.get(key) === turn) writes.delete(key);
}

async function exists({ upstreamPort }: State, path: string): Promise<boolean> {
  const asking = sendRequest({ host: '127.0.0.1', port: upstreamPort, method: 'HEAD', path });
  asking.end();
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  answer.resume();
  return answer.statusCode === 200;
}

async function refuse(
  incoming: IncomingMessage,
  reply: ServerResponse,
  status: number,
  code: string,
): Promise<void> {
  // Answering before the body was read would break the connection under the client.
  incoming.resume();
  await finished(incoming);
  const message =
    code === 'PreconditionFailed' ? 'At least one of the pre-conditions you specified did not hold' : code;
  reply.writeHead(status, { 'content-type': 'application/xml' });
  reply.end(
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message>` +
      `<Condition>If-None-Match</Condition><RequestId>local</RequestId><HostId>local</HostId></Error>`,
  );
}

async function forward(
  state: State,
  incoming: IncomingMessage,
  reply: ServerResponse,
  fault: Fault | undefined,
): Promise<void> {
  const { expect: _expect, connection: _connection, ...headers } = incoming.headers;
  const path = incoming.url ?? '/';
  const outgoing = sendRequest({
    host: '127.0.0.1',
    port: state.upstreamPort,
    method: incoming.method,
    path,
    headers,
  });
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
  await Promise.all([pipeline(incoming, outgoing), answered]);
  const [answer] = await answered;
  const status = answer.statusCode ?? 502;
  const body = incoming.method === 'POST' ? await buffer(answer) : undefined;
  if (status < 300)
    follow(state.uploads, incoming.method, new URL(path, 'http://endpoint').searchParams, body);
  if (fault?.kind === 'lose-reply') {
    answer.resume();
    reply.destroy();
    return;
  }
  reply.writeHead(status, answer.headers);
  if (fault?.kind === 'cut-reply') return await cut(answer, reply);
  if (body === undefined) await pipeline(answer, reply);
  else reply.end(body);
}

/** Sends half of what the headers promised. */
async function cut(answer: IncomingMessage, reply: ServerResponse): Promise<void> {
  const body = await buffer(answer);
  reply.write(body.subarray(0, body.byteLength / 2), () => reply.destroy());
}

/** Keeps account of multipart uploads. */
function follow(
  uploads: Set<string>,
  method: string | undefined,
  query: URLSearchParams,
  body: Buffer | undefined,
): void {
  const started = /<UploadId>([^<]+)<\/UploadId>/.exec(body?.toString() ?? '')?.[1];
  if (query.has('uploads') && started !== undefined) uploads.add(started);
  const ended = query.get('uploadId');
  if (ended !== null && (method === 'POST' || method === 'DELETE')) uploads.delete(ended);
}
