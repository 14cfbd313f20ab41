/**
 * One keep-alive connection over TCP or TLS that carries one request at a time. It knows nothing of what is sent; a
 * connection that failed, timed out or was given up is destroyed and never used again.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Clock, Timer } from '@longshore/job';
import { httpResponseReader, type HttpResponse, type HttpResponseReader } from './http-response.ts';

/** Where a connection leads. */
export interface Origin {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/** A request as it goes over the wire. */
export interface RawRequest {
  readonly head: string;
  readonly body: string;
  /** The body has only ASCII characters: one write without an encoding pass. */
  readonly ascii: boolean;
  readonly timeoutMs: number;
}

/** Why a request got no response. */
export class ConnectionFault extends Error {
  override readonly name = 'ConnectionFault';
  /** Nothing of a response had come: typical of a connection that the server closed while it was idle. */
  readonly unanswered: boolean;
  readonly timedOut: boolean;

  constructor(
    message: string,
    options: { readonly unanswered: boolean; readonly timedOut?: boolean; readonly cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.unanswered = options.unanswered;
    this.timedOut = options.timedOut ?? false;
  }
}

/** A connection. */
export interface Connection {
  readonly destroyed: boolean;
  /** Sends a request; rejects with a {@link ConnectionFault}. One at a time. */
  send(request: RawRequest): Promise<HttpResponse>;
  destroy(): void;
}

/** The latest TLS session, so that the next connection of a pool resumes it. */
export interface TlsMemory {
  session?: Buffer;
}

/** What connections of one pool share. */
export interface ConnectOptions {
  readonly origin: Origin;
  readonly tls: TlsMemory;
  readonly clock: Clock;
  /** The connection closed, for whatever reason. */
  readonly onClose: (connection: Connection) => void;
}

const CONNECT_TIMEOUT_MS = 5_000;
const KEEP_ALIVE_MS = 30_000;

/** Opens a connection; a failure to connect shows at the first request. */
export function openConnection(options: ConnectOptions): Connection {
  return new SocketConnection(options);
}

interface Waiting {
  readonly resolve: (response: HttpResponse) => void;
  readonly reject: (fault: ConnectionFault) => void;
  readonly reader: HttpResponseReader;
  readonly deadline: Timer;
}

class SocketConnection implements Connection {
  readonly #socket: Socket;
  readonly #options: ConnectOptions;
  #connecting: Timer | undefined;
  #waiting: Waiting | undefined;

  constructor(options: ConnectOptions) {
    this.#options = options;
    const { origin, tls, clock } = options;
    const socket = openSocket(origin, tls);
    this.#socket = socket;
    this.#connecting = clock.after(CONNECT_TIMEOUT_MS, () =>
      this.#fail('The connection was not made in time', { timedOut: true }),
    );
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.once(origin.tls ? 'secureConnect' : 'connect', () => this.#connected());
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('end', () => this.#ended());
    socket.on('error', (error) => this.#fail(error.message, { cause: error }));
    socket.once('close', () => {
      this.#fail('The connection was closed');
      options.onClose(this);
    });
  }

  get destroyed(): boolean {
    return this.#socket.destroyed;
  }

  send({ head, body, ascii, timeoutMs }: RawRequest): Promise<HttpResponse> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      const deadline = this.#options.clock.after(timeoutMs, () =>
        this.#fail(`The server gave no answer within ${timeoutMs} ms`, { timedOut: true }),
      );
      this.#waiting = { resolve, reject, reader: httpResponseReader(), deadline };
      socket.ref();
      socket.write(head + body, ascii ? 'latin1' : 'utf8');
    });
  }

  destroy(): void {
    this.#fail('The request was given up');
  }

  #connected(): void {
    this.#connecting?.cancel();
    this.#connecting = undefined;
  }

  #read(chunk: Buffer): void {
    const { reader } = this.#waiting ?? {};
    if (reader === undefined) return this.#fail('The server sent bytes that nobody asked for');
    try {
      this.#settle(reader.push(chunk));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#fail(`The response cannot be read: ${reason}`, { cause: error });
    }
  }

  #ended(): void {
    try {
      this.#settle(this.#waiting?.reader.end());
      this.#fail('The server closed the connection');
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }

  #settle(response: HttpResponse | undefined): void {
    if (response === undefined) return;
    const waiting = this.#take();
    // An idle connection is no reason to keep a process alive.
    if (response.keepAlive) this.#socket.unref();
    else this.#socket.destroy();
    waiting?.resolve(response);
  }

  /** Destroys the connection; the request under way, if there is one, learns why. */
  #fail(message: string, more: { readonly timedOut?: boolean; readonly cause?: unknown } = {}): void {
    this.#connected();
    const waiting = this.#take();
    this.#socket.destroy();
    if (waiting === undefined) return;
    const { host, port } = this.#options.origin;
    const unanswered = !waiting.reader.started;
    waiting.reject(new ConnectionFault(`${message} (${host}:${port})`, { unanswered, ...more }));
  }

  #take(): Waiting | undefined {
    const waiting = this.#waiting;
    waiting?.deadline.cancel();
    this.#waiting = undefined;
    return waiting;
  }
}

function openSocket(origin: Origin, tls: TlsMemory): Socket {
  const { host, port } = origin;
  if (!origin.tls) return connectTcp({ host, port });
  const socket = connectTls({
    host,
    port,
    ALPNProtocols: ['http/1.1'],
    // An address is no name to ask a certificate for.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(tls.session === undefined ? {} : { session: tls.session }),
  });
  socket.on('session', (session: Buffer) => {
    tls.session = session;
  });
  return socket;
}
