/**
 * A faulty network in front of an SQS endpoint: an HTTP proxy that decides per call, by its `X-Amz-Target`, whether the
 * call is refused, executed without an answer, answered with half of it and so on (see `faults.ts`), until it is healed.
 *
 * The proxy also keeps the account that the audit needs: which messages carried which job, and which of them a fault
 * touched.
 */
import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Dice } from './dice.ts';
import { FaultCounter, type FaultFigures } from './fault-figures.ts';
import { faultOf, type FaultKind, type FaultRates } from './faults.ts';
import { MessageLedger } from './message-ledger.ts';
import { recentAnswers, withFailures, type Answer, type Call } from './sqs-exchange.ts';

/** A running proxy. */
export interface FaultProxy extends AsyncDisposable {
  /** URL for the clients. */
  readonly endpoint: string;
  readonly figures: FaultFigures;
  readonly ledger: MessageLedger;
  /** Calls under way or held by a silent fault. */
  readonly openCalls: number;
  /**
   * From now on these faults, for one action or for all; `{}` heals. Calls that a silent fault holds stay held: a dead
   * peer stays dead.
   */
  setRates(rates: FaultRates, action?: string): void;
  /** Connections that were reset while it was down. */
  readonly refused: number;
  /** While down, connections are reset: the endpoint restarts. */
  setDown(down: boolean): void;
}

/** Options of {@link startFaultProxy}. */
export interface FaultProxyOptions {
  /** URL of the endpoint. */
  readonly upstream: string;
  readonly dice: Dice;
  readonly rates?: FaultRates;
}

/** How late a delayed call is executed. */
const DELAY_MS = { low: 50, high: 600 };

/** Starts a proxy on a free port of the loopback interface. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const proxy = new Proxy(options);
  await proxy.listen();
  return proxy;
}

class Proxy implements FaultProxy {
  readonly figures = new FaultCounter();
  readonly ledger = new MessageLedger();
  refused = 0;
  readonly #upstream: URL;
  readonly #dice: Dice;
  readonly #diceOf = new Map<string, Dice>();
  readonly #agent = new Agent({ keepAlive: true });
  readonly #sockets = new Set<Socket>();
  readonly #answers = recentAnswers();
  readonly #server = createServer((request, response) => {
    this.#open += 1;
    response.once('close', () => (this.#open -= 1));
    this.#serve(request, response).catch(() => request.socket.destroy());
  });
  #rates: FaultRates;
  #action: string | undefined;
  #isDown = false;
  #open = 0;

  constructor({ upstream, dice, rates = {} }: FaultProxyOptions) {
    this.#upstream = new URL(upstream);
    this.#dice = dice;
    this.#rates = rates;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get openCalls(): number {
    return this.#open;
  }

  setRates(rates: FaultRates, action?: string): void {
    this.#rates = rates;
    this.#action = action;
  }

  setDown(down: boolean): void {
    this.#isDown = down;
    if (down) for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async listen(): Promise<void> {
    this.#server.keepAliveTimeout = 60_000;
    this.#server.on('connection', (socket) => {
      if (this.#isDown) {
        this.refused += 1;
        return void socket.resetAndDestroy();
      }
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#agent.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOf(request);
    const target = String(request.headers['x-amz-target'] ?? '');
    const call: Call = {
      action: target.slice(target.lastIndexOf('.') + 1),
      headers: request.headers,
      path: request.url ?? '/',
      body,
    };
    this.figures.call(call.action);
    const dice = this.#diceFor(call.action);
    const isSpared = this.#action !== undefined && this.#action !== call.action;
    const fault = isSpared ? undefined : faultOf(dice, call.action, this.#rates);
    if (fault === undefined) return this.#answer(response, call, await this.#execute(call, response), true);
    if (fault === 'duplicate') return this.#repeat(call, dice, response);
    this.figures.fault(call.action, fault);
    if (fault !== 'delayed') this.ledger.disturbed(call);
    await this.#fail(fault, call, dice, response);
  }

  async #fail(fault: Exclude<FaultKind, 'duplicate'>, call: Call, dice: Dice, response: ServerResponse) {
    switch (fault) {
      case 'refused':
        return void response.socket?.resetAndDestroy();
      case 'error':
        return send(response, serverError(dice));
      case 'throttled':
        return send(response, THROTTLED);
      case 'delayed':
        await delay(dice.whole(DELAY_MS.low, DELAY_MS.high));
        return this.#answer(response, call, await this.#execute(call, response), true);
      case 'lost':
        this.ledger.answered(call, await this.#execute(call), false);
        return void response.socket?.resetAndDestroy();
      case 'truncated': {
        const answer = await this.#execute(call);
        this.ledger.answered(call, answer, false);
        return truncate(response, answer, dice);
      }
      case 'partial':
        return send(response, await withFailures(call, dice, (part) => this.#execute(part)));
      case 'silent':
        // The socket stays open and nothing ever comes.
        if (dice.roll() < 0.5) this.ledger.answered(call, await this.#execute(call), false);
    }
  }

  async #repeat(call: Call, dice: Dice, response: ServerResponse): Promise<void> {
    const answer = this.#answers.pick(call, dice);
    if (answer === undefined) return this.#answer(response, call, await this.#execute(call, response), true);
    this.figures.fault(call.action, 'duplicate');
    this.ledger.answered(call, answer, false);
    send(response, answer);
  }

  #answer(response: ServerResponse, call: Call, answer: Answer, arrives: boolean): void {
    this.ledger.answered(call, answer, arrives && !response.destroyed);
    if (call.action === 'ReceiveMessage') this.#answers.keep(call, answer);
    send(response, answer);
  }

  /** Executes a call. When its client hangs up meanwhile, the endpoint sees it hang up. */
  #execute(call: Call, response?: ServerResponse): Promise<Answer> {
    this.figures.executed += 1;
    return new Promise((resolve, reject) => {
      const headers = { ...call.headers, 'content-length': String(Buffer.byteLength(call.body)) };
      const { hostname, port } = this.#upstream;
      const upstream = httpRequest(
        { hostname, port, path: call.path, method: 'POST', headers, agent: this.#agent },
        (incoming) => {
          textOf(incoming).then(
            (body) => resolve({ status: incoming.statusCode ?? 500, headers: incoming.headers, body }),
            reject,
          );
        },
      );
      upstream.once('error', reject);
      response?.once('close', () => upstream.destroy());
      upstream.end(call.body);
    });
  }

  #diceFor(action: string): Dice {
    const dice = this.#diceOf.get(action) ?? this.#dice.fork(action);
    this.#diceOf.set(action, dice);
    return dice;
  }
}

const JSON_HEADERS = { 'content-type': 'application/x-amz-json-1.0' };

const THROTTLED: Answer = {
  status: 400,
  headers: { ...JSON_HEADERS, 'x-amzn-query-error': 'RequestThrottled;Sender' },
  body: JSON.stringify({ __type: 'com.amazonaws.sqs#RequestThrottled', message: 'Rate exceeded' }),
};

function serverError(dice: Dice): Answer {
  const isOverloaded = dice.roll() < 0.5;
  const fault = isOverloaded ? 'com.amazonaws.sqs#ServiceUnavailable' : 'com.amazonaws.sqs#InternalError';
  return {
    status: isOverloaded ? 503 : 500,
    headers: JSON_HEADERS,
    body: JSON.stringify({ __type: fault, message: 'We encountered an internal error' }),
  };
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  if (response.destroyed) return;
  const { connection: _connection, 'transfer-encoding': _encoding, ...rest } = headers;
  response.writeHead(status, { ...rest, 'content-length': String(Buffer.byteLength(body)) });
  response.end(body);
}

/** Half the answer: the connection breaks, or, worse, the answer says that half is all there is. */
function truncate(response: ServerResponse, answer: Answer, dice: Dice): void {
  const half = answer.body.slice(0, Math.floor(answer.body.length / 2));
  if (dice.roll() < 0.5) return send(response, { ...answer, body: half });
  response.writeHead(answer.status, { ...JSON_HEADERS, 'content-length': String(answer.body.length + 1) });
  response.write(half, () => response.socket?.destroy());
}

async function textOf(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
