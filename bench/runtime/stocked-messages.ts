/**
 * Messages of the stub, built once: bodies that are valid envelopes, receipt handles as long as those of AWS, right MD5s.
 * Only the number that makes each delivery unique is written when it is sent.
 */
import { createHash, randomUUID } from 'node:crypto';
import { encodeEnvelope } from '@longshore/job';
import { JOB_NAME, samplePayload } from './workload.ts';

/** As long as those of AWS. */
const RECEIPT_HANDLE_LENGTH = 360;
const DISTINCT_MESSAGES = 640;
const COUNTER_DIGITS = 12;

interface Fragment {
  readonly bytes: Buffer;
  /** Where the delivery's number goes. */
  readonly offsets: readonly number[];
}

/** Delivers messages. */
export interface StockedMessages {
  /** The body of an answer to ReceiveMessage with this many messages. */
  next(count: number): Buffer;
}

const HEAD = Buffer.from('{"Messages":[');

/** Builds them. */
export function stockedMessages(nowMs: number): StockedMessages {
  const fragments = Array.from({ length: DISTINCT_MESSAGES }, (_, index) => fragment(index, nowMs));
  let delivered = 0;
  return {
    next(count) {
      const chosen: Fragment[] = [];
      let length = HEAD.length + 2;
      for (let index = 0; index < count; index += 1) {
        const part = fragments[(delivered + index) % DISTINCT_MESSAGES];
        if (part === undefined) break;
        chosen.push(part);
        length += part.bytes.length + (index === 0 ? 0 : 1);
      }
      const body = Buffer.allocUnsafe(length);
      let at = HEAD.copy(body);
      for (const [index, { bytes, offsets }] of chosen.entries()) {
        if (index > 0) at = body.writeUInt8(0x2c, at);
        bytes.copy(body, at);
        delivered += 1;
        const number = String(delivered).padStart(COUNTER_DIGITS, '0');
        for (const offset of offsets) body.write(number, at + offset, 'latin1');
        at += bytes.length;
      }
      body.write(']}', at, 'latin1');
      return body;
    },
  };
}

function fragment(index: number, nowMs: number): Fragment {
  const id = randomUUID();
  const body = encodeEnvelope({
    id,
    name: JOB_NAME,
    version: 1,
    idempotencyKey: id,
    enqueuedAtMs: nowMs,
    attempts: [],
    payload: samplePayload(index),
  });
  const counter = '#'.repeat(COUNTER_DIGITS);
  const text = JSON.stringify({
    MessageId: `5b1ec0de-0000-4000-8000-${counter}`,
    ReceiptHandle: `AQEB${counter}`.padEnd(RECEIPT_HANDLE_LENGTH - 1, 'k3Zq+/wX') + '=',
    MD5OfBody: createHash('md5').update(body).digest('hex'),
    Body: body,
    Attributes: { ApproximateReceiveCount: '1', SentTimestamp: String(nowMs) },
  });
  const first = text.indexOf(counter);
  return { bytes: Buffer.from(text), offsets: [first, text.indexOf(counter, first + 1)] };
}
