/**
 * Just enough HTTP/1.1 for a server whose cost must not count: requests with a length, on connections that stay open, one
 * answered after the other. What it cannot read ends the connection with a reason.
 */
import type { Socket } from 'node:net';

/** An SQS call in its JSON protocol. */
export interface SqsRequest {
  /** `ReceiveMessage`, say. */
  readonly action: string;
  readonly body: string;
}

/** Answers one request; `send` takes a whole HTTP answer, and is called once, now or later. */
export type Answerer = (request: SqsRequest, send: (answer: Buffer | string) => void) => void;

const HEAD_END = '\r\n\r\n';
/** More than the largest batch that SQS takes. */
const MAX_REQUEST_BYTES = 2_097_152;

/** Serves a connection until it closes. */
export function serveRequests(socket: Socket, answer: Answerer): void {
  let buffered: Buffer = Buffer.alloc(0);
  let answering = false;

  const next = (): void => {
    if (answering || socket.destroyed) return;
    const headEnd = buffered.indexOf(HEAD_END);
    if (headEnd < 0) return refuseOver(buffered.length);
    const head = buffered.toString('latin1', 0, headEnd);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1]);
    const action = /\r\nx-amz-target: *AmazonSQS\.(\w+)/i.exec(head)?.[1];
    if (Number.isNaN(length) || action === undefined) {
      socket.destroy(new Error(`Not an SQS request with a length: ${head.slice(0, 200)}`));
      return;
    }
    refuseOver(length);
    const start = headEnd + HEAD_END.length;
    if (buffered.length < start + length) return;
    const body = buffered.toString('utf8', start, start + length);
    buffered = buffered.subarray(start + length);
    answering = true;
    answer({ action, body }, (bytes) => {
      answering = false;
      if (socket.destroyed) return;
      socket.write(bytes);
      if (buffered.length > 0) next();
    });
  };

  const refuseOver = (bytes: number): void => {
    if (bytes > MAX_REQUEST_BYTES) socket.destroy(new Error(`A request of ${bytes} bytes is too large`));
  };

  socket.on('data', (chunk: Buffer) => {
    buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk]);
    next();
  });
}

/** A whole answer. The date is the server's clock, which clients compare with theirs. */
export function httpAnswer(body: Buffer | string, status = '200 OK', headers = ''): Buffer {
  const length = Buffer.byteLength(body);
  const head = `HTTP/1.1 ${status}\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: ${length}\r\nDate: ${httpDate()}\r\nx-amzn-RequestId: 6f1b2b9e-0000-4000-8000-000000000000\r\n${headers}\r\n`;
  const answer = Buffer.allocUnsafe(head.length + length);
  answer.write(head, 'latin1');
  if (typeof body === 'string') answer.write(body, head.length, 'utf8');
  else body.copy(answer, head.length);
  return answer;
}

let dated = { atSecond: -1, text: '' };

function httpDate(): string {
  const now = Date.now();
  const atSecond = Math.floor(now / 1_000);
  if (dated.atSecond !== atSecond) dated = { atSecond, text: new Date(now).toUTCString() };
  return dated.text;
}
