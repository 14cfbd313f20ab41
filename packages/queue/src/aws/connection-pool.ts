/**
 * Keep-alive connections to one origin. The most recently used idle connection serves next, so that a fall in load lets
 * the others age out. A request on a reused connection that the server had just closed goes again on a new one.
 */
import type { Clock } from '@longshore/job';
import {
  ConnectionFault,
  openConnection,
  type Connection,
  type Origin,
  type RawRequest,
  type TlsMemory,
} from './connection.ts';
import type { HttpResponse } from './http-response.ts';

/** A pool. */
export interface ConnectionPool {
  /** Sends a request; rejects with a `ConnectionFault`. An abort of the signal gives up this request alone. */
  send(request: RawRequest, signal?: AbortSignal): Promise<HttpResponse>;
  /** Gives up what is under way and closes every connection. */
  close(): void;
}

/** Options of {@link connectionPool}. */
export interface ConnectionPoolOptions {
  readonly origin: Origin;
  readonly clock: Clock;
}

/** AWS closes idle connections after about 20 s; ours go first. */
const MAX_IDLE_MS = 15_000;

/** A pool without connections; they are made as they are needed. */
export function connectionPool(options: ConnectionPoolOptions): ConnectionPool {
  const connections = new Connections(options);
  return {
    async send(request, signal) {
      if (isAborted(signal)) throw new ConnectionFault('The request was given up', { unanswered: true });
      const reused = connections.takeIdle();
      if (reused === undefined) return attempt(connections, connections.connect(), request, signal);
      try {
        return await attempt(connections, reused, request, signal);
      } catch (error) {
        const stale = error instanceof ConnectionFault && error.unanswered && !error.timedOut;
        if (!stale || isAborted(signal)) throw error;
        return attempt(connections, connections.connect(), request, signal);
      }
    },
    close: () => connections.close(),
  };
}

/** Open connections, and which of them are idle. */
class Connections {
  readonly #options: ConnectionPoolOptions;
  readonly #idle: { readonly connection: Connection; readonly sinceMs: number }[] = [];
  readonly #open = new Set<Connection>();
  readonly #tls: TlsMemory = {};
  #closed = false;

  constructor(options: ConnectionPoolOptions) {
    this.#options = options;
  }

  connect(): Connection {
    if (this.#closed) throw new ConnectionFault('The connection pool is closed', { unanswered: true });
    const connection = openConnection({
      ...this.#options,
      tls: this.#tls,
      onClose: (gone) => this.#open.delete(gone),
    });
    this.#open.add(connection);
    return connection;
  }

  takeIdle(): Connection | undefined {
    this.#closeOld();
    for (;;) {
      const entry = this.#idle.pop();
      if (entry === undefined || !entry.connection.destroyed) return entry?.connection;
    }
  }

  keep(connection: Connection): void {
    if (connection.destroyed) return;
    this.#idle.push({ connection, sinceMs: this.#options.clock.nowMs() });
    this.#closeOld();
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#open) connection.destroy();
  }

  #closeOld(): void {
    const idle = this.#idle;
    const beforeMs = this.#options.clock.nowMs() - MAX_IDLE_MS;
    while (idle[0] !== undefined && idle[0].sinceMs <= beforeMs) idle.shift()?.connection.destroy();
  }
}

async function attempt(
  connections: Connections,
  connection: Connection,
  request: RawRequest,
  signal: AbortSignal | undefined,
): Promise<HttpResponse> {
  const giveUp = (): void => connection.destroy();
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    const response = await connection.send(request);
    connections.keep(connection);
    return response;
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}

/** A function, since the state changes during an await. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
