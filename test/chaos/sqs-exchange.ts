/** Calls and answers of SQS's JSON protocol, as far as the fault proxy rewrites them. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Dice } from './dice.ts';

/** A call as it came. */
export interface Call {
  /** For instance `ReceiveMessage`. */
  readonly action: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An answer as it goes out. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A received message, as far as anybody here reads it. */
export interface ReceivedMessage {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
}

/** What the bodies of calls hold, as far as anybody here reads them. */
export interface CallBody {
  readonly QueueUrl?: string;
  readonly MaxNumberOfMessages?: number;
  readonly ReceiptHandle?: string;
  readonly Entries?: readonly { readonly Id: string; readonly ReceiptHandle?: string }[];
}

interface BatchBody {
  readonly Successful?: readonly { readonly Id: string }[];
  readonly Failed?: readonly { readonly Id: string }[];
}

/** The messages of a ReceiveMessage answer. */
export function messagesOf(answer: Answer): readonly ReceivedMessage[] {
  if (answer.status !== 200) return [];
  return (JSON.parse(answer.body) as { Messages?: ReceivedMessage[] }).Messages ?? [];
}

/**
 * Executes a batch call so that some of its entries, at least one, are answered as failed: either they were executed and
 * only the answer says otherwise, or they were not executed at all.
 */
export async function withFailures(
  call: Call,
  dice: Dice,
  execute: (call: Call) => Promise<Answer>,
): Promise<Answer> {
  const request = JSON.parse(call.body) as CallBody;
  const entries = request.Entries ?? [];
  const first = dice.whole(0, Math.max(0, entries.length - 1));
  const unlucky = entries.filter((_entry, index) => index === first || dice.roll() < 0.3);
  const ids = new Set(unlucky.map(({ Id }) => Id));
  const isExecuted = dice.roll() < 0.5;
  const rest = isExecuted ? entries : entries.filter(({ Id }) => !ids.has(Id));
  const answer: Answer =
    rest.length === 0
      ? {
          status: 200,
          headers: { 'content-type': 'application/x-amz-json-1.0' },
          body: '{"Successful":[],"Failed":[]}',
        }
      : await execute({ ...call, body: JSON.stringify({ ...request, Entries: rest }) });
  if (answer.status !== 200) return answer;
  const { Successful = [], Failed = [] } = JSON.parse(answer.body) as BatchBody;
  const body = {
    Successful: Successful.filter(({ Id }) => !ids.has(Id)),
    Failed: [
      ...Failed.filter(({ Id }) => !ids.has(Id)),
      ...[...ids].map((Id) => ({
        Id,
        SenderFault: false,
        Code: 'InternalError',
        Message: 'We encountered an internal error',
      })),
    ],
  };
  const { 'x-amz-crc32': _checksum, ...headers } = answer.headers;
  return { ...answer, headers, body: JSON.stringify(body) };
}

/** Answers of polls, to be delivered once more. */
export interface RecentAnswers {
  keep(call: Call, answer: Answer): void;
  /** One of the last answers of the same queue, cut to what the call asked for. */
  pick(call: Call, dice: Dice): Answer | undefined;
}

/** A memory of the last answers that held messages. */
export function recentAnswers(): RecentAnswers {
  const kept = new Map<string, Answer[]>();
  return {
    keep(call, answer) {
      if (messagesOf(answer).length === 0) return;
      const { QueueUrl = '' } = JSON.parse(call.body) as CallBody;
      kept.set(QueueUrl, [...(kept.get(QueueUrl) ?? []).slice(-7), answer]);
    },
    pick(call, dice) {
      const { QueueUrl = '', MaxNumberOfMessages = 1 } = JSON.parse(call.body) as CallBody;
      const [first, ...more] = kept.get(QueueUrl) ?? [];
      if (first === undefined) return undefined;
      const answer = dice.pick([first, ...more]);
      const Messages = messagesOf(answer).slice(0, MaxNumberOfMessages);
      return { ...answer, body: JSON.stringify({ Messages }) };
    },
  };
}
