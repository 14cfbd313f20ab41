/**
 * A loopback EC2 instance metadata service, version 2 only: tokens with an end, and the items about Spot interruptions.
 * It can be told to fail.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '@longshore/job';

/** A running service. */
export interface Imds extends AsyncDisposable {
  readonly uri: string;
  /** Method and path of every request, in order. */
  readonly requests: readonly string[];
  /** The items below `/latest/meta-data/`. */
  readonly items: Map<string, string>;
  /** Has the next requests answered with this status, or never (`hang`). */
  plan(...faults: readonly (number | 'hang')[]): void;
  /** Voids all tokens, as a stop and start of the instance does. */
  voidTokens(): void;
  close(): Promise<void>;
}

interface State {
  readonly clock: Clock;
  readonly requests: string[];
  readonly items: Map<string, string>;
  readonly faults: (number | 'hang')[];
  /** Token to its end, epoch ms. */
  readonly tokens: Map<string, number>;
}

const MAX_TOKEN_SECONDS = 21_600;

/** Starts a service on loopback. */
export async function startImds({ clock }: { readonly clock: Clock }): Promise<Imds> {
  const state: State = { clock, requests: [], items: new Map(), faults: [], tokens: new Map() };
  const server = createServer((request, reply) => answer(state, request, reply));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  };
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: state.requests,
    items: state.items,
    plan: (...faults) => void state.faults.push(...faults),
    voidTokens: () => state.tokens.clear(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function answer(state: State, request: IncomingMessage, reply: ServerResponse): void {
  const { method = '', url = '' } = request;
  state.requests.push(`${method} ${url}`);
  const fault = state.faults.shift();
  if (fault === 'hang') return;
  if (fault !== undefined) return send(reply, fault);
  if (url === '/latest/api/token') return token(state, request, reply);
  const untilMs = state.tokens.get(String(request.headers['x-aws-ec2-metadata-token']));
  if (untilMs === undefined || state.clock.nowMs() >= untilMs) return send(reply, 401);
  const item = state.items.get(url.replace('/latest/meta-data/', ''));
  return item === undefined ? send(reply, 404) : send(reply, 200, item);
}

function token(state: State, { method, headers }: IncomingMessage, reply: ServerResponse): void {
  const seconds = Number(headers['x-aws-ec2-metadata-token-ttl-seconds']);
  // A request that passed through a proxy gets no token.
  if (method !== 'PUT' || headers['x-forwarded-for'] !== undefined) return send(reply, 403);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > MAX_TOKEN_SECONDS) return send(reply, 400);
  const text = randomUUID();
  state.tokens.set(text, state.clock.nowMs() + seconds * 1_000);
  return send(reply, 200, text);
}

function send(reply: ServerResponse, status: number, body = ''): void {
  reply.writeHead(status, { 'content-type': 'text/plain' });
  reply.end(body);
}
