/**
 * A stand-in for SQS whose own cost does not count: TLS 1.3 on raw sockets, answers built before they are asked for. It
 * keeps no messages; it delivers new ones for ever, or as many as it is stocked with, and takes whatever is deleted.
 */
import { hash, randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { Certificate } from './certificate.ts';
import { httpAnswer, serveRequests, type SqsRequest } from './http-requests.ts';
import { stockedMessages } from './stocked-messages.ts';

/** Options of {@link startSqsStub}. */
export interface SqsStubOptions extends Certificate {
  /** Added to every call, as a network would. */
  readonly latencyMs: number;
  /** Messages to deliver before the queue is empty, when long polls are held. Default: any number. */
  readonly stock?: number;
}

/** What a stub has seen since its start. */
export interface StubCounts {
  readonly calls: Readonly<Record<string, number>>;
  readonly delivered: number;
  readonly deleted: number;
  readonly sent: number;
  /** Arrival of the last ReceiveMessage, ms on the stub's steady clock. */
  readonly lastReceiveAtMs: number;
}

/** A served stub. */
export interface SqsStub {
  /** `https://localhost:<port>` */
  readonly endpoint: string;
  readonly queueUrl: string;
  counts(): StubCounts;
  close(): Promise<void>;
}

/** SQS: at most ten messages an answer. */
const MAX_MESSAGES = 10;
const QUEUE = 'bench';

interface Entry {
  readonly Id: string;
  readonly MessageBody?: string;
}

interface Call {
  readonly MaxNumberOfMessages?: number;
  readonly WaitTimeSeconds?: number;
  readonly Entries?: readonly Entry[];
  readonly MessageBody?: string;
}

interface Tally {
  calls: Record<string, number>;
  delivered: number;
  deleted: number;
  sent: number;
  lastReceiveAtMs: number;
}

/** Serves until it is closed. */
export async function startSqsStub(options: SqsStubOptions): Promise<SqsStub> {
  const { certificate: cert, key, latencyMs } = options;
  const tally: Tally = { calls: {}, delivered: 0, deleted: 0, sent: 0, lastReceiveAtMs: 0 };
  const sockets = new Set<TLSSocket>();
  let stock = options.stock ?? Number.POSITIVE_INFINITY;
  let endpoint = '';
  const messages = stockedMessages(Date.now());

  const receive = ({ MaxNumberOfMessages = 1, WaitTimeSeconds = 0 }: Call) => {
    tally.lastReceiveAtMs = performance.now();
    const count = Math.min(MaxNumberOfMessages, MAX_MESSAGES, stock);
    stock -= count;
    tally.delivered += count;
    if (count > 0) return { body: messages.next(count), afterMs: latencyMs };
    return { body: '{}', afterMs: latencyMs + WaitTimeSeconds * 1_000 };
  };

  const respond = ({ action, body }: SqsRequest): { body: Buffer | string; afterMs: number } | undefined => {
    tally.calls[action] = (tally.calls[action] ?? 0) + 1;
    const call = JSON.parse(body) as Call;
    const entries = call.Entries ?? [];
    const afterMs = latencyMs;
    switch (action) {
      case 'ReceiveMessage':
        return receive(call);
      case 'DeleteMessage':
        tally.deleted += 1;
        return { body: '', afterMs };
      case 'DeleteMessageBatch':
        tally.deleted += entries.length;
        return { body: batchAnswer(entries), afterMs };
      case 'ChangeMessageVisibility':
        return { body: '', afterMs };
      case 'ChangeMessageVisibilityBatch':
        return { body: batchAnswer(entries), afterMs };
      case 'SendMessage':
        tally.sent += 1;
        return { body: JSON.stringify(sentEntry(call.MessageBody)), afterMs };
      case 'SendMessageBatch':
        tally.sent += entries.length;
        return { body: sentAnswer(entries), afterMs };
      case 'GetQueueUrl':
        return { body: JSON.stringify({ QueueUrl: `${endpoint}/000000000000/${QUEUE}` }), afterMs };
      case 'GetQueueAttributes':
        return { body: JSON.stringify({ Attributes: ATTRIBUTES }), afterMs };
      default:
        return undefined;
    }
  };

  const server = createServer({ cert, key, minVersion: 'TLSv1.3', ALPNProtocols: ['http/1.1'] }, (socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    const timers = new Set<NodeJS.Timeout>();
    socket.once('close', () => {
      sockets.delete(socket);
      for (const timer of timers) clearTimeout(timer);
    });
    socket.on('error', () => socket.destroy());
    serveRequests(socket, (request, send) => {
      const response = respond(request);
      if (response === undefined) return send(unknownAction(request.action));
      const answer = httpAnswer(response.body);
      if (response.afterMs === 0) return send(answer);
      const timer = setTimeout(() => {
        timers.delete(timer);
        send(answer);
      }, response.afterMs);
      timers.add(timer);
    });
  });
  // The name, not the address: it listens where clients that look the name up will call.
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, 'localhost', resolve);
  });
  endpoint = `https://localhost:${(server.address() as AddressInfo).port}`;
  return {
    endpoint,
    queueUrl: `${endpoint}/000000000000/${QUEUE}`,
    counts: () => ({ ...tally, calls: { ...tally.calls } }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

const ATTRIBUTES = {
  ApproximateNumberOfMessages: '0',
  ApproximateNumberOfMessagesNotVisible: '0',
  ApproximateNumberOfMessagesDelayed: '0',
  VisibilityTimeout: '30',
  QueueArn: `arn:aws:sqs:us-east-1:000000000000:${QUEUE}`,
  RedrivePolicy: `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:${QUEUE}-dlq","maxReceiveCount":20}`,
};

function batchAnswer(entries: readonly Entry[]): string {
  return JSON.stringify({ Successful: entries.map(({ Id }) => ({ Id })), Failed: [] });
}

function sentAnswer(entries: readonly Entry[]): string {
  const Successful = entries.map(({ Id, MessageBody }) => ({ Id, ...sentEntry(MessageBody) }));
  return JSON.stringify({ Successful, Failed: [] });
}

function sentEntry(body = '') {
  return { MessageId: randomUUID(), MD5OfMessageBody: hash('md5', body) };
}

function unknownAction(action: string): Buffer {
  const body = JSON.stringify({
    __type: 'com.amazonaws.sqs#UnsupportedOperation',
    message: `The stub does not know the action ${action}`,
  });
  const error = 'x-amzn-query-error: AWS.SimpleQueueService.UnsupportedOperation;Sender\r\n';
  return httpAnswer(body, '400 Bad Request', error);
}
