/**
 * The HTTP side: AWS JSON 1.0 on POST, `GET /health`, a `Date` from the endpoint's clock on every answer. Messages whose
 * answer did not reach the client's socket are given back.
 */
import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock } from '@longshore/job';
import type { Answer, Call } from '../actions/action.ts';
import type { Delivery } from '../messages/deliveries.ts';
import type { Caller } from '../messages/polls.ts';
import { SqsFault } from '../protocol/fault.ts';
import { isInput, type Input } from '../protocol/input.ts';
import { readBody } from './read-body.ts';
import { checkSigningTime, signerOf } from './signature.ts';

/** What the front works with. */
export interface FrontParts {
  readonly dispatch: (action: string, call: Call) => Promise<Answer>;
  readonly giveBack: (deliveries: readonly Delivery[]) => void;
  /** Failures that are not the client's. */
  readonly failed: (error: unknown, action: string) => void;
  readonly clock: Clock;
  readonly strictClock: boolean;
}

/** The HTTP server and what it is busy with. */
export interface Front {
  readonly server: Server;
  /** Resolves when every request that was read is answered. Connections end with their answers. */
  finish(): Promise<void>;
}

/** A batch of 1 MiB, each byte escaped as `\u0000`, and room for names. */
const MAX_BODY_BYTES = 8 * 1_048_576;
/** Longer than clients keep idle connections, so that it is they who close. */
const KEEP_ALIVE_MS = 120_000;
const JSON_TYPE = 'application/x-amz-json-1.0';

/** Creates the server; nothing listens yet. */
export function createFront(parts: FrontParts): Front {
  const busy = new Set<Promise<void>>();
  let isEnding = false;
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, noDelay: true }, (request, reply) => {
    if (isEnding) reply.shouldKeepAlive = false;
    const done: Promise<void> = answer(parts, request, reply).finally(() => busy.delete(done));
    busy.add(done);
  });
  return {
    server,
    async finish() {
      isEnding = true;
      server.closeIdleConnections();
      while (busy.size > 0) await Promise.all(busy);
    },
  };
}

async function answer(parts: FrontParts, request: IncomingMessage, reply: ServerResponse): Promise<void> {
  reply.sendDate = false;
  reply.setHeader('date', new Date(parts.clock.nowMs()).toUTCString());
  if (request.method === 'GET' && request.url === '/health') {
    return await write(reply, 200, 'application/json', '{"status":"ok"}');
  }
  const target = String(request.headers['x-amz-target'] ?? '');
  const action = target.replace(/^AmazonSQS\./, '');
  const caller = callerOf(request, reply);
  reply.setHeader('x-amzn-requestid', randomUUID());
  try {
    const input = await readInput(request, action);
    if (input === undefined) return;
    const nowMs = Math.floor(parts.clock.nowMs());
    if (parts.strictClock) checkSigningTime(request.headers, nowMs);
    const baseUrl = `http://${request.headers.host ?? 'localhost'}`;
    const call = { input, nowMs, caller, baseUrl, ...signerOf(request.headers) };
    const { output, deliveries = [] } = await parts.dispatch(action, call);
    // Another look at the sockets, since a client may have left while its messages were on their way.
    if (deliveries.length > 0) await new Promise(setImmediate);
    if (!caller.isGone()) await write(reply, 200, JSON_TYPE, JSON.stringify(output));
    if (deliveries.length > 0 && !reply.writableFinished) parts.giveBack(deliveries);
  } catch (error) {
    await writeFault(parts, reply, error, action);
  }
}

/** The members of a request; `undefined` when its client is gone. @throws SqsFault */
async function readInput(request: IncomingMessage, action: string): Promise<Input | undefined> {
  const body = await readBody(request, MAX_BODY_BYTES);
  if (body === 'gone') return undefined;
  if (body === 'too_large') {
    throw new SqsFault('SerializationException', `The request has more than ${MAX_BODY_BYTES} bytes.`, 413);
  }
  if (request.method !== 'POST' || action === '') {
    const message = 'Expected POST with the header X-Amz-Target: AmazonSQS.<Action> (AWS JSON 1.0 protocol).';
    throw new SqsFault('UnknownOperationException', message);
  }
  if (!isUtf8(body)) throw new SqsFault('SerializationException', 'The request is not valid UTF-8.');
  let value: unknown;
  try {
    value = body.byteLength === 0 ? {} : JSON.parse(body.toString());
  } catch {
    throw new SqsFault('SerializationException', 'The request is not valid JSON.');
  }
  if (!isInput(value)) throw new SqsFault('SerializationException', 'The request is not a JSON object.');
  return value;
}

async function writeFault(
  { failed }: FrontParts,
  reply: ServerResponse,
  error: unknown,
  action: string,
): Promise<void> {
  if (!(error instanceof SqsFault)) failed(error, action);
  const fault =
    error instanceof SqsFault
      ? error
      : new SqsFault('InternalFailure', 'The endpoint failed; its log says why.', 500);
  reply.setHeader('x-amzn-query-error', `${fault.code};${fault.isSenderFault ? 'Sender' : 'Receiver'}`);
  const body = JSON.stringify({ __type: fault.type, message: fault.message });
  await write(reply, fault.status, JSON_TYPE, body);
}

/** Resolves when the answer is handed to the operating system, or cannot be any more. */
function write(reply: ServerResponse, status: number, type: string, text: string): Promise<void> {
  if (reply.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    reply.once('close', resolve);
    reply.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
    reply.end(text);
  });
}

function callerOf({ socket }: IncomingMessage, reply: ServerResponse): Caller {
  return {
    // A client that has said its last word does not wait for an answer either.
    isGone: () => reply.destroyed || socket.readableEnded || !socket.writable,
    whenGone: (listener) => void reply.once('close', listener),
  };
}
