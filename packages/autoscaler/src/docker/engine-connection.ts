/**
 * HTTP to a Docker engine, over its Unix socket or TCP, in the newest version of the API that both sides speak.
 *
 * Answers are handed on with their status; that nobody answers is an error with its remedy. Nothing is tried again here:
 * the next tick does that.
 */
import { Agent, request, type IncomingMessage, type RequestOptions } from 'node:http';
import { errorDetails, LongshoreError, parseJson } from '@longshore/job';

/** An answer, whatever its status. */
export interface EngineAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** A call. */
export interface EngineCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Without the version: `/containers/json`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** A way to an engine. */
export interface EngineConnection {
  /** @throws LongshoreError `target_unavailable` when no engine answers, or one that is too old. */
  send(call: EngineCall): Promise<EngineAnswer>;
  /** The minor version of the API in use: 41 is 1.41. */
  minor(): Promise<number>;
  close(): void;
}

/** Where an engine listens, and how long it may take. */
export interface EngineAddress {
  readonly socketPath: string;
  /** `tcp://127.0.0.1:2375`, instead of the socket. */
  readonly host: string | undefined;
  readonly timeoutMs: number;
}

/** The newest version of the API that this was written for (Docker 27), and the oldest (Docker 19.03). */
const NEWEST_MINOR = 47;
const OLDEST_MINOR = 40;
/** One inspection is some 10 KiB; the list of a thousand containers is 2 MiB. */
const MAX_ANSWER_BYTES = 32 * 1_048_576;
/** Calls at the same time; an engine does not create containers faster by more. */
const MAX_SOCKETS = 8;

/** Connects at the first call. */
export function engineConnection(address: EngineAddress): EngineConnection {
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  let agreed: Promise<number> | undefined;
  const minor = (): Promise<number> => {
    agreed ??= negotiate(address, agent).catch((error: unknown) => {
      agreed = undefined;
      throw error;
    });
    return agreed;
  };
  return {
    minor,
    async send(call) {
      const prefix = `/v1.${await minor()}`;
      const answer = await exchange(address, agent, { ...call, path: `${prefix}${call.path}` });
      // The engine was exchanged for another one.
      if (answer.status === 400 && /client version .* is too/i.test(messageOf(answer.body)))
        agreed = undefined;
      return answer;
    },
    close: () => agent.destroy(),
  };
}

/** What an engine says about a call that it refused. */
export function messageOf(body: unknown): string {
  const message: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'message') : body;
  return typeof message === 'string' ? message.trim() : '';
}

async function negotiate(address: EngineAddress, agent: Agent): Promise<number> {
  const { headers } = await exchange(address, agent, { method: 'GET', path: '/_ping' });
  const version = String(headers['api-version'] ?? '');
  const engineMinor = Number(/^1\.(\d+)$/.exec(version)?.[1] ?? Number.NaN);
  if (engineMinor >= OLDEST_MINOR) return Math.min(engineMinor, NEWEST_MINOR);
  throw new LongshoreError(
    'target_unavailable',
    `Cannot use the Docker engine at ${placeOf(address)}: it speaks version "${version}" of the API, at least 1.${OLDEST_MINOR} is needed (Docker 19.03)`,
  );
}

function exchange(
  address: EngineAddress,
  agent: Agent,
  { method, path, query = {}, body }: EngineCall,
): Promise<EngineAnswer & { readonly headers: IncomingMessage['headers'] }> {
  const search = new URLSearchParams(query).toString();
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const signal = AbortSignal.timeout(address.timeoutMs);
  const options: RequestOptions = {
    ...destinationOf(address),
    agent,
    method,
    path: search === '' ? path : `${path}?${search}`,
    headers: payload === undefined ? {} : { 'content-type': 'application/json' },
    signal,
  };
  return new Promise((resolve, reject) => {
    const failed = (error: unknown): void =>
      reject(unavailable(address, `${method} ${path}`, signal.aborted ? signal.reason : error));
    const sent = request(options, (response) => {
      readBody(response).then((text) => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, body: bodyOf(text) });
      }, failed);
    });
    sent.once('error', failed);
    sent.end(payload);
  });
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`The answer is larger than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function bodyOf(text: string): unknown {
  const parsed = parseJson(text);
  return parsed.ok ? parsed.value : text;
}

function destinationOf({ socketPath, host }: EngineAddress): RequestOptions {
  if (host === undefined) return { socketPath };
  const { hostname, port } = new URL(host);
  return { host: hostname.replace(/^\[|\]$/g, ''), port };
}

function placeOf({ socketPath, host }: EngineAddress): string {
  return host ?? socketPath;
}

function unavailable(address: EngineAddress, what: string, error: unknown): LongshoreError {
  const place = placeOf(address);
  const code = error instanceof Error ? String(Reflect.get(error, 'code') ?? '') : '';
  if (code === 'EACCES' || code === 'EPERM') {
    return new LongshoreError(
      'target_unavailable',
      `Cannot use the Docker engine at ${place}: permission denied; add this user to the group that owns the socket (usually "docker"), or give a container the socket's group with group_add`,
      { cause: error },
    );
  }
  if (code === 'ENOENT' || code === 'ECONNREFUSED') {
    return new LongshoreError(
      'target_unavailable',
      `No Docker engine answers at ${place}: start one ("systemctl start docker", or Docker Desktop), or say where it listens with socketPath or host`,
      { cause: error, retryable: true },
    );
  }
  const isLate = error instanceof Error && error.name === 'TimeoutError';
  const why = isLate ? `no answer within ${address.timeoutMs} ms` : errorDetails(error).message;
  return new LongshoreError('target_unavailable', `The Docker engine at ${place} failed at ${what}: ${why}`, {
    cause: error,
    retryable: true,
  });
}
