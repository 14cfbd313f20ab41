/** What an action is: it checks its input, works inside a turn and says what to answer. */
import type { Clock } from '@longshore/job';
import type { Deliveries, Delivery } from '../messages/deliveries.ts';
import type { MessageTable } from '../messages/message-table.ts';
import type { MoveTasks } from '../messages/move-tasks.ts';
import type { Caller, Polls } from '../messages/polls.ts';
import type { SendMessage } from '../messages/send-message.ts';
import { SqsFault } from '../protocol/fault.ts';
import { text, type Input } from '../protocol/input.ts';
import type { QueueBook, StoredQueue } from '../queues/queue-book.ts';
import type { Turns } from '../store/turns.ts';

/** The parts of an endpoint. */
export interface Parts {
  readonly book: QueueBook;
  readonly messages: MessageTable;
  readonly send: SendMessage;
  readonly deliveries: Deliveries;
  readonly polls: Polls;
  readonly moveTasks: MoveTasks;
  readonly turns: Turns;
  readonly clock: Clock;
  /** When queues were purged last. */
  readonly purgedMs: Map<number, number>;
}

/** One request. */
export interface Call {
  readonly input: Input;
  readonly nowMs: number;
  readonly caller: Caller;
  /** Who signed, by the access key. */
  readonly sender: string;
  readonly region: string;
  /** What the client reaches the endpoint by. */
  readonly baseUrl: string;
}

/** What is answered. */
export interface Answer {
  readonly output: object;
  /** Given back when the answer does not reach its client. */
  readonly deliveries?: readonly Delivery[];
}

/** Answers a call inside a turn. */
export type Action = (parts: Parts, call: Call) => object;

/** The queue that a call is about. @throws SqsFault `QueueDoesNotExist`. */
export function queueOf({ book }: Parts, { input }: Call): StoredQueue {
  return book.get(queueNameIn(text(input, 'QueueUrl')));
}

/** The name in a queue URL; hosts and accounts do not matter. @throws SqsFault for a text that is no URL. */
export function queueNameIn(queueUrl: string): string {
  const name = /^(?:https?:\/\/[^/]+)?(?:\/[^/]+)*\/([\w.-]+)\/?$/.exec(queueUrl)?.[1];
  if (name !== undefined) return name;
  throw new SqsFault(
    'InvalidParameterValueException',
    `The address ${queueUrl} is not valid for this endpoint.`,
  );
}

/** The URL of a queue, by the host that the client used. */
export function queueUrlOf({ name }: StoredQueue, { baseUrl }: Call): string {
  return `${baseUrl}/000000000000/${name}`;
}
