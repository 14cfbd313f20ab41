/**
 * How often a job is delivered to somebody else while its handler blocks the event loop for longer than the lease: ours,
 * whose lease thread extends, beside sqs-consumer with a heartbeat each second.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createProducer } from '@longshore/queue';
import { createSqsQueues, sqsQueue } from '@longshore/queue/sqs';
import { KEYS, queueName, type SqsAddress } from './connection.ts';
import { startEmbeddedEndpoint } from './embedded-endpoint.ts';
import { benchTask } from './longshore.ts';
import type { LongshoreWorkerSettings } from './longshore-worker-entry.ts';
import { startClient, type Surroundings } from './processes.ts';
import type { SqsConsumerSettings } from './sqs-consumer-entry.ts';
import { samplePayload } from './workload.ts';

/** Deliveries to the rival. */
export interface Duplicates {
  readonly ours: number;
  readonly peer: number;
}

const BLOCK_MS = 6_000;
const LEASE_MS = 2_000;
const START_WITHIN_MS = 20_000;
const POLL_EACH_MS = 100;

/** One run, both beside each other on queues of their own. */
export async function blockedLoop(
  surroundings: Surroundings,
  options: { readonly transport?: string },
): Promise<Duplicates> {
  await using endpoint = await startEmbeddedEndpoint();
  const address = async (name: string): Promise<SqsAddress> => {
    const queues = [{ name, deadLetterName: `${name}-dlq`, leaseMs: LEASE_MS }];
    await createSqsQueues({ endpoint: endpoint.url, ...KEYS, queues });
    return { endpoint: endpoint.url, queueUrl: `${endpoint.url}/000000000000/${name}` };
  };
  const [ourAddress, peerAddress] = [await address('blocked-ours'), await address('blocked-peer')];
  const worker: LongshoreWorkerSettings = {
    ...ourAddress,
    ...options,
    slots: 1,
    handler: 'none',
    leaseMs: LEASE_MS,
    blockMs: BLOCK_MS,
  };
  const consumer: SqsConsumerSettings = {
    ...peerAddress,
    consumers: 1,
    batchSize: 1,
    whole: false,
    handler: 'none',
    visibilityTimeout: LEASE_MS / 1_000,
    heartbeatInterval: 1,
    blockMs: BLOCK_MS,
  };
  const [ours, peer] = await Promise.all([
    deliveriesToRival('longshore-worker-entry.ts', worker, surroundings),
    deliveriesToRival('sqs-consumer-entry.ts', consumer, surroundings),
  ]);
  return { ours, peer };
}

async function deliveriesToRival(
  entry: string,
  settings: SqsAddress,
  surroundings: Surroundings,
): Promise<number> {
  await using queue = sqsQueue({ name: queueName(settings), endpoint: settings.endpoint, ...KEYS });
  await using producer = createProducer({ queueFor: () => queue });
  await producer.enqueue(benchTask, samplePayload(0));
  await using client = startClient(surroundings, entry, settings);
  await client.told('handling', START_WITHIN_MS);
  const over = new AbortController();
  const handled = client.told('handled', BLOCK_MS + START_WITHIN_MS).finally(() => over.abort());
  const [deliveries] = await Promise.all([rivalDeliveries(settings, over.signal), handled]);
  return deliveries;
}

/** Polls as another worker would, until it is told to stop. What it gets it neither deletes nor extends. */
async function rivalDeliveries({ endpoint, queueUrl }: SqsAddress, over: AbortSignal): Promise<number> {
  const rival = new SQSClient({ endpoint, ...KEYS, useQueueUrlAsEndpoint: false });
  let deliveries = 0;
  try {
    while (!over.aborted) {
      const { Messages = [] } = await rival.send(
        new ReceiveMessageCommand({ QueueUrl: queueUrl, VisibilityTimeout: LEASE_MS / 1_000 }),
      );
      deliveries += Messages.length;
      await wait(POLL_EACH_MS);
    }
  } finally {
    rival.destroy();
  }
  return deliveries;
}
