/**
 * The SQS driver on real SQS, for those who ask for it: `LONGSHORE_AWS=1 AWS_REGION=eu-west-1 pnpm test test/aws`, with the
 * AWS SDK's usual credentials. It makes queues of its own, about 120 in all, sends about 500 messages and deletes the
 * queues again, also when it fails: some thousand requests, well below a cent. `LONGSHORE_AWS_ENDPOINT` tries its code
 * on another endpoint.
 */
import { randomUUID } from 'node:crypto';
import { DeleteQueueCommand, GetQueueUrlCommand, QueueDoesNotExist, SQSClient } from '@aws-sdk/client-sqs';
import { describeQueue } from '@longshore/queue/conformance';
import { createSqsQueues, sqsQueue, type SqsConnectionOptions } from '@longshore/queue/sqs';
import { afterAll, describe, expect, it } from 'vitest';
import { doWork, JOBS_PER_KIND } from '../drivers/head-to-head.ts';

const isAsked = process.env['LONGSHORE_AWS'] === '1';
const endpoint = process.env['LONGSHORE_AWS_ENDPOINT'];
const region = process.env['AWS_REGION'] ?? 'us-east-1';
const connection: SqsConnectionOptions = { region, ...(endpoint === undefined ? {} : { endpoint }) };
const made: string[] = [];

/** One that cannot be deleted must not keep the others. Those that were never made are no fault. */
async function deleteQueues(names: readonly string[]): Promise<void> {
  const client = new SQSClient({
    region,
    ...(endpoint === undefined ? {} : { endpoint, useQueueUrlAsEndpoint: false }),
  });
  const left: string[] = [];
  const causes: unknown[] = [];
  for (const QueueName of names) {
    try {
      const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName }));
      await client.send(new DeleteQueueCommand({ QueueUrl }));
    } catch (error) {
      if (error instanceof QueueDoesNotExist) continue;
      left.push(QueueName);
      causes.push(error);
    }
  }
  client.destroy();
  if (left.length > 0) throw new AggregateError(causes, `Delete these queues by hand: ${left.join(', ')}`);
}

async function open(suffix: string, transport: 'lean' | 'sdk') {
  const id = randomUUID();
  const names = [`longshore-test-${id}${suffix}`, `longshore-test-${id}-dlq${suffix}`] as const;
  const [name, deadLetterName] = names;
  made.push(...names);
  await createSqsQueues({
    ...connection,
    transport,
    queues: [{ name, deadLetterName, maxReceives: 3 }],
  });
  const queue = sqsQueue({ ...connection, transport, name });
  const deadLetters = sqsQueue({ ...connection, transport, name: deadLetterName });
  return {
    queue,
    deadLetters,
    close: async () => {
      await queue.close();
      await deadLetters.close();
    },
  };
}

// Without the variable nothing is declared that could call AWS; the one test below says why.
if (isAsked) {
  afterAll(() => deleteQueues(made), 300_000);
  for (const transport of ['lean', 'sdk'] as const) {
    describeQueue({ name: `sqsQueue ${transport} on AWS (standard)`, open: () => open('', transport) });
    describeQueue({ name: `sqsQueue ${transport} on AWS (FIFO)`, open: () => open('.fifo', transport) });
  }
}

describe('200 jobs on AWS', () => {
  it('come to the end that each deserves', { timeout: 600_000 }, async (context) => {
    context.skip(!isAsked, 'LONGSHORE_AWS is not 1');
    const { completed, attempts, dead } = await doWork(connection, (names) => made.push(...names));
    // Delivery is at least once: the same job may complete twice, and none may be missing.
    expect(new Set(completed).size).toBe(3 * JOBS_PER_KIND);
    expect(new Set(attempts)).toEqual(new Set([3]));
    expect(new Set(dead)).toEqual(new Set(['hopeless attempts_exhausted', 'unwanted unwanted']));
  });
});
