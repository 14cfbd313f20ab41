/** Opens what a fleet runs on, by settings: its queues with their dead-letter queues, its object store, a producer. */
import {
  deadLetterQueueName,
  factsQueueName,
  physicalQueueName,
  queueForJob,
  type Fleet,
} from '@longshore/fleet';
import type { ObjectStore } from '@longshore/objects';
import { createProducer, type Producer, type ProducerOptions, type Queue } from '@longshore/queue';
import type { Settings } from './settings.ts';

/** An opened fleet. Queues are opened on first use. */
export interface OpenFleet extends AsyncDisposable {
  readonly objects: ObjectStore;
  readonly producer: Producer;
  /** A queue by its name in the fleet. */
  queue(name: string): Queue;
  /** Its dead-letter queue, as a queue. */
  deadLetters(name: string): Queue;
  /** Where its workers report. A fleet need not have it. */
  facts(): Queue;
  close(): Promise<void>;
}

/** Opens a fleet. Nothing is connected before it is used, and only the drivers in use are loaded. */
export async function openFleet(
  fleet: Fleet,
  settings: Settings,
  recording?: { readonly sent: NonNullable<ProducerOptions['onSent']> },
): Promise<OpenFleet> {
  const [openQueue, { store: objects, close: closeObjects }] = await Promise.all([
    queueOpener(settings),
    openObjects(settings),
  ]);
  const queues = new Map<string, Queue>();
  const open = (options: QueueNames): Queue => {
    let queue = queues.get(options.name);
    if (queue === undefined) {
      queue = openQueue(options);
      queues.set(options.name, queue);
    }
    return queue;
  };
  const queue = (name: string): Queue => {
    const definition = fleet.queues.find((entry) => entry.name === name);
    return open({
      name: physicalQueueName(fleet, name),
      deadLetterName: deadLetterQueueName(fleet, name),
      ...(definition === undefined ? {} : { maxReceives: definition.maxReceives }),
    });
  };
  const producer = createProducer({
    queueFor: (jobName) => queue(queueForJob(fleet, jobName).name),
    objects,
    ...(recording === undefined ? {} : { onSent: recording.sent }),
  });
  const close = async (): Promise<void> => {
    await producer.close();
    await Promise.all([...queues.values()].map((opened) => opened.close()));
    await closeObjects();
  };
  return {
    objects,
    producer,
    queue,
    deadLetters: (name) => open({ name: deadLetterQueueName(fleet, name) }),
    facts: () => open({ name: factsQueueName(fleet) }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface QueueNames {
  readonly name: string;
  readonly deadLetterName?: string;
  /** For drivers that keep this count themselves; on SQS the queue has it. */
  readonly maxReceives?: number;
}

async function queueOpener(settings: Settings): Promise<(names: QueueNames) => Queue> {
  const { redisUrl, region, sqsEndpoint, sqsTransport, credentials, minReleaseMs } = settings;
  if (redisUrl !== undefined) {
    const { bullmqQueue } = await import('@longshore/queue/bullmq');
    return (names) => bullmqQueue({ ...names, connection: { url: redisUrl } });
  }
  const { sqsQueue } = await import('@longshore/queue/sqs');
  return ({ maxReceives: _kept, ...names }) =>
    sqsQueue({
      ...names,
      minReleaseMs,
      transport: sqsTransport,
      ...(credentials === undefined ? {} : { credentials }),
      ...(region === undefined ? {} : { region }),
      ...(sqsEndpoint === undefined ? {} : { endpoint: sqsEndpoint }),
    });
}

interface OpenedObjects {
  readonly store: ObjectStore;
  readonly close: () => Promise<void>;
}

/** A request that hangs would hold a slot for ever. */
const S3_TIMEOUTS = { connectionTimeout: 5_000, requestTimeout: 60_000 };

async function openObjects(settings: Settings): Promise<OpenedObjects> {
  const { objects, region, s3Endpoint, credentials } = settings;
  if (objects.kind === 'fs') {
    const { fsObjectStore } = await import('@longshore/objects/fs');
    const store = fsObjectStore({ root: objects.root });
    return { store, close: () => store.close() };
  }
  const [{ S3Client }, { s3ObjectStore }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('@longshore/objects/s3'),
  ]);
  const client = new S3Client({
    requestHandler: S3_TIMEOUTS,
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
    // Local endpoints serve buckets by path; AWS by host name.
    ...(s3Endpoint === undefined ? {} : { endpoint: s3Endpoint, forcePathStyle: true }),
  });
  const store = s3ObjectStore({
    client,
    bucket: objects.bucket,
    ...(objects.prefix === '' ? {} : { prefix: objects.prefix }),
  });
  return {
    store,
    async close() {
      await store.close();
      client.destroy();
    },
  };
}
