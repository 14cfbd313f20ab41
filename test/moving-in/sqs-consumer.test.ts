/** Handlers of sqs-consumer under sqs-consumer and under Longshore, on the same endpoint: the same messages are gone. */
import { once } from 'node:events';
import { SendMessageCommand, SQSClient, type Message } from '@aws-sdk/client-sqs';
import { createSqsQueues, sqsQueue } from '@longshore/queue/sqs';
import { startSqsEndpoint, type SqsEndpoint } from '@longshore/sqs-endpoint';
import { createWorker, jsonLog } from '@longshore/worker';
import { sqsConsumer } from '@longshore/worker/sqs-consumer';
import { Consumer } from 'sqs-consumer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const KEYS = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
const BODIES = ['{"order":"a"}', 'plain b', '<c/>'];

type One = (message: Message) => Promise<Message | undefined>;
type Many = (messages: Message[]) => Promise<Message[] | undefined>;

let server: SqsEndpoint;
let client: SQSClient;
let number = 0;
beforeAll(async () => {
  server = await startSqsEndpoint();
  client = new SQSClient({ endpoint: server.url, ...KEYS });
});
afterAll(async () => {
  client.destroy();
  await server.close();
});

/** A queue with the three messages, sent as their producer sends them. */
async function filledQueue() {
  number += 1;
  const name = `orders-${number}`;
  await createSqsQueues({ endpoint: server.url, ...KEYS, queues: [{ name, deadLetterName: `${name}-dlq` }] });
  const queueUrl = `${server.url}/000000000000/${name}`;
  for (const MessageBody of BODIES) {
    const MessageAttributes = { source: { DataType: 'String', StringValue: 'shop' } };
    await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody, MessageAttributes }));
  }
  return { queue: sqsQueue({ name, endpoint: server.url, ...KEYS }), queueUrl };
}

interface Handlers {
  readonly handleMessage?: One;
  readonly handleMessageBatch?: Many;
}

/** What handlers saw of their messages, and how many messages were not acknowledged. */
interface Outcome {
  readonly seen: readonly string[];
  readonly left: number;
}

/** Notes what a handler is given before it runs. */
function watched({ handleMessage, handleMessageBatch }: Handlers): { handlers: Handlers; seen: string[] } {
  const seen: string[] = [];
  const note = ({ Body, MessageAttributes, Attributes }: Message): void => {
    const source = MessageAttributes?.['source']?.StringValue;
    seen.push(`${Body} from ${source}, ${Attributes?.ApproximateReceiveCount}`);
  };
  const handlers: Handlers =
    handleMessage === undefined
      ? {
          handleMessageBatch: async (messages) => {
            messages.forEach(note);
            return handleMessageBatch?.(messages);
          },
        }
      : {
          handleMessage: async (message) => {
            note(message);
            return handleMessage(message);
          },
        };
  return { handlers, seen };
}

async function underSqsConsumer(given: Handlers): Promise<Outcome> {
  const { queue, queueUrl } = await filledQueue();
  const { handlers, seen } = watched(given);
  const consumer = Consumer.create({
    queueUrl,
    sqs: client,
    batchSize: 10,
    messageAttributeNames: ['All'],
    messageSystemAttributeNames: ['All'],
    visibilityTimeout: 60,
    ...handlers,
  });
  consumer.on('error', () => undefined);
  consumer.on('processing_error', () => undefined);
  // Not `once`, which rejects when the handler's failure is emitted.
  const processed = new Promise((resolve) => void consumer.once('response_processed', resolve));
  consumer.start();
  await processed;
  const stopped = once(consumer, 'stopped');
  consumer.stop({ abort: true });
  await stopped;
  return { seen: seen.toSorted(), left: await leftIn(queue) };
}

async function underLongshore(given: Handlers): Promise<Outcome> {
  const { queue } = await filledQueue();
  const { handlers, seen } = watched(given);
  const consumer = sqsConsumer({ job: 'take-order', batchSize: BODIES.length, ...handlers });
  const worker = createWorker({ queue, slots: 10, ...consumer, log: jsonLog({ level: 'silent' }) });
  await worker.tick();
  return { seen: seen.toSorted(), left: await leftIn(queue) };
}

async function leftIn(queue: ReturnType<typeof sqsQueue>): Promise<number> {
  const { backlog, inFlight } = await queue.counts();
  await queue.close();
  return backlog + inFlight;
}

const CASES: readonly (readonly [title: string, handlers: Handlers, left: number])[] = [
  ['gives each message back', { handleMessage: (message) => Promise.resolve(message) }, 0],
  ['gives back an id', { handleMessage: ({ MessageId = '' }) => Promise.resolve({ MessageId }) }, 0],
  ['gives back nothing', { handleMessage: () => Promise.resolve(undefined) }, 3],
  ['gives back an empty object', { handleMessage: () => Promise.resolve({}) }, 3],
  ['gives back another id', { handleMessage: () => Promise.resolve({ MessageId: 'other' }) }, 3],
  [
    'fails for what is no JSON',
    {
      handleMessage: async (message) => {
        JSON.parse(message.Body ?? '');
        return message;
      },
    },
    2,
  ],
  ['gives the batch back', { handleMessageBatch: (messages) => Promise.resolve(messages) }, 0],
  [
    'gives one of the batch back',
    { handleMessageBatch: (messages) => Promise.resolve(messages.slice(0, 1)) },
    2,
  ],
  ['gives none of the batch back', { handleMessageBatch: () => Promise.resolve([]) }, 3],
  ['gives nothing back for a batch', { handleMessageBatch: () => Promise.resolve(undefined) }, 3],
  ['fails for a batch', { handleMessageBatch: () => Promise.reject(new Error('no database')) }, 3],
];

describe('A handler of sqs-consumer', () => {
  it.each(CASES)(
    'that %s has the same messages, and acknowledges the same, in both',
    async (_title, handlers, left) => {
      const [there, here] = [await underSqsConsumer(handlers), await underLongshore(handlers)];
      expect(here).toEqual(there);
      expect(here.left).toBe(left);
      expect(here.seen).toHaveLength(BODIES.length);
    },
  );
});
