/**
 * An SQS-compatible endpoint in this process: AWS's JSON protocol over HTTP, queues in SQLite. What it has answered is in
 * the file; nothing is kept in memory alone but the polls that wait.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { LongshoreError, systemClock, type Clock } from '@longshore/job';
import type { Parts } from './actions/action.ts';
import { dispatch } from './actions/dispatch.ts';
import { createFront } from './http/http-front.ts';
import { createDeliveries } from './messages/deliveries.ts';
import { openMessageTable } from './messages/message-table.ts';
import { openMoveTasks } from './messages/move-tasks.ts';
import { createPolls, type Polls } from './messages/polls.ts';
import { openSend } from './messages/send-message.ts';
import { openQueueBook } from './queues/queue-book.ts';
import { openDatabase } from './store/open-database.ts';
import { createTurns, type Turns } from './store/turns.ts';

/** Where failures that are not a client's are told; pino's shape. */
export interface EndpointLog {
  error(details: Readonly<Record<string, unknown>>, message: string): void;
}

/** Options of {@link startSqsEndpoint}. */
export interface SqsEndpointOptions {
  /** 0 to 65535; 0 takes a free one. Default 0. */
  readonly port?: number;
  /** Address to listen on. Default `127.0.0.1`: the endpoint checks no signature, so it is for this machine only. */
  readonly host?: string;
  /** File of the queues; its folder is created. One endpoint at a time holds it. Default `:memory:`. */
  readonly database?: string;
  /** Default: the machine's. Visibility, delays, retention, deduplication and the `Date` of answers follow it. */
  readonly clock?: Clock;
  /** Default: silent. */
  readonly log?: EndpointLog;
  /** Refuses requests whose `X-Amz-Date` is more than 15 minutes from the clock, as AWS does. Default `false`. */
  readonly strictClock?: boolean;
}

/** A running endpoint. */
export interface SqsEndpoint extends AsyncDisposable {
  /** For instance `http://127.0.0.1:9324`. */
  readonly url: string;
  readonly port: number;
  /** Answers what was asked, ends polls with nothing, closes the file. Idempotent. */
  close(): Promise<void>;
}

/** An answer that its client does not read ends with its connection after this long. */
const CLOSE_GRACE_MS = 2_000;

/**
 * Starts an endpoint.
 *
 * @example
 * ```ts
 * import { startSqsEndpoint } from '@longshore/sqs-endpoint';
 *
 * await using endpoint = await startSqsEndpoint({ database: '.data/queues.db' });
 * console.log(endpoint.url);
 * ```
 *
 * @throws LongshoreError `invalid_options` when the file or the port cannot be had.
 */
export async function startSqsEndpoint(options: SqsEndpointOptions = {}): Promise<SqsEndpoint> {
  const { port = 0, host = '127.0.0.1', database: path = ':memory:', clock = systemClock, log } = options;
  const database = openDatabase(path);
  const parts = openParts(database, clock);
  const { turns, deliveries, moveTasks, polls } = parts;
  const failed = (error: unknown, action: string): void =>
    log?.error({ err: error, action }, 'Cannot answer');
  const front = createFront({
    dispatch: (action, call) => dispatch(parts, action, call),
    giveBack(undelivered) {
      turns
        .run(() => deliveries.undo(undelivered))
        .catch((error: unknown) => failed(error, 'give back messages'));
    },
    failed,
    clock,
    strictClock: options.strictClock ?? false,
  });
  try {
    front.server.listen(port, host);
    await once(front.server, 'listening');
  } catch (error) {
    database.close();
    const message = `Cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}; use a free port, or 0`;
    throw new LongshoreError('invalid_options', message, { cause: error, details: { host, port } });
  }
  moveTasks.resume();
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= (async () => {
      const ended = once(front.server, 'close');
      front.server.close();
      moveTasks.close();
      polls.close();
      const { promise: grace, resolve } = Promise.withResolvers<void>();
      const timer = clock.after(CLOSE_GRACE_MS, resolve);
      await Promise.race([front.finish(), grace]);
      timer.cancel();
      front.server.closeAllConnections();
      await ended;
      turns.close();
      database.close();
    })();
    return closed;
  };
  const { port: taken } = front.server.address() as AddressInfo;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${taken}`;
  return { url, port: taken, close, [Symbol.asyncDispose]: close };
}

/** Builds what the actions work with. Polls and turns know each other. */
function openParts(database: ReturnType<typeof openDatabase>, clock: Clock): Parts {
  const book = openQueueBook(database);
  const messages = openMessageTable(database, (queue) => polls.touched(queue));
  const deliveries = createDeliveries(book, messages);
  const turns: Turns = createTurns(database, {
    beforeCommit: () => polls.serve(),
    rolledBack: () => book.forget(),
  });
  const polls: Polls = createPolls({ book, messages, deliveries, turns: () => turns, clock });
  const moveTasks = openMoveTasks({ database, book, messages, turns: () => turns, clock });
  const send = openSend(database, messages);
  return { book, messages, send, deliveries, polls, moveTasks, turns, clock, purgedMs: new Map() };
}
