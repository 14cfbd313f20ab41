/** Creates queues with their dead-letter queues: for local endpoints and tests. On AWS the stack creates them. */
import { openTransport, type SqsConnectionOptions } from './options.ts';
import type { SqsTransport } from './transport.ts';

/** A queue to create. */
export interface SqsQueueDefinition {
  readonly name: string;
  /** Absent: a queue without one, whose messages may be lost. */
  readonly deadLetterName?: string;
  /** Default lease (visibility timeout), whole seconds. */
  readonly leaseMs?: number;
  /** Receives after which SQS itself moves a message: a backstop. Default 20. */
  readonly maxReceives?: number;
  readonly retentionMs?: number;
}

/** Options of {@link createSqsQueues}. */
export interface CreateSqsQueuesOptions extends SqsConnectionOptions {
  readonly queues: readonly SqsQueueDefinition[];
}

/** Dead letters are kept as long as SQS can, so that a redrive is possible after a holiday. */
const DEAD_LETTER_RETENTION_SECONDS = 1_209_600;
const LIMITS = { timeoutMs: 10_000 };

/** Creates what is missing. Existing queues with the same attributes stay as they are. */
export async function createSqsQueues(options: CreateSqsQueuesOptions): Promise<void> {
  const transport = openTransport(options);
  try {
    for (const queue of options.queues) await createOne(transport, queue);
  } finally {
    transport.close();
  }
}

async function createOne(transport: SqsTransport, queue: SqsQueueDefinition): Promise<void> {
  const { name, deadLetterName, leaseMs = 30_000, maxReceives = 20, retentionMs } = queue;
  const fifo: Record<string, string> = name.endsWith('.fifo') ? { FifoQueue: 'true' } : {};
  const redrive: Record<string, string> =
    deadLetterName === undefined
      ? {}
      : {
          RedrivePolicy: JSON.stringify({
            deadLetterTargetArn: await createDeadLetterQueue(transport, deadLetterName, fifo),
            maxReceiveCount: maxReceives,
          }),
        };
  await transport.call(
    'CreateQueue',
    {
      QueueName: name,
      Attributes: {
        ...fifo,
        ...redrive,
        VisibilityTimeout: seconds(leaseMs),
        ...(retentionMs === undefined ? {} : { MessageRetentionPeriod: seconds(retentionMs) }),
      },
    },
    LIMITS,
  );
}

async function createDeadLetterQueue(
  transport: SqsTransport,
  QueueName: string,
  fifo: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const Attributes = { ...fifo, MessageRetentionPeriod: String(DEAD_LETTER_RETENTION_SECONDS) };
  const { QueueUrl = '' } = await transport.call('CreateQueue', { QueueName, Attributes }, LIMITS);
  const request = { QueueUrl, AttributeNames: ['QueueArn'] };
  return (await transport.call('GetQueueAttributes', request, LIMITS)).Attributes?.['QueueArn'];
}

function seconds(durationMs: number): string {
  return String(Math.ceil(durationMs / 1_000));
}
