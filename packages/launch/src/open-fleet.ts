/** Opens what a fleet runs on, by settings: its queues with their dead-letter queues, its object store, a producer. */
import { S3Client } from '@aws-sdk/client-s3';
import { deadLetterQueueName, physicalQueueName, queueForJob, type Fleet } from '@longshore/fleet';
import type { ObjectStore } from '@longshore/objects';
import { fsObjectStore } from '@longshore/objects/fs';
import { s3ObjectStore } from '@longshore/objects/s3';
import { createProducer, type Producer, type Queue } from '@longshore/queue';
import { sqsQueue } from '@longshore/queue/sqs';
import type { Settings } from './settings.ts';

/** An opened fleet. Queues are opened on first use. */
export interface OpenFleet extends AsyncDisposable {
  readonly objects: ObjectStore;
  readonly producer: Producer;
  /** A queue by its name in the fleet. */
  queue(name: string): Queue;
  /** Its dead-letter queue, as a queue. */
  deadLetters(name: string): Queue;
  close(): Promise<void>;
}

/** Opens a fleet. Nothing is connected before it is used. */
export function openFleet(fleet: Fleet, settings: Settings): OpenFleet {
  const { store: objects, close: closeObjects } = openObjects(settings);
  const queues = new Map<string, Queue>();
  const open = (name: string, deadLetterName?: string): Queue => {
    let queue = queues.get(name);
    if (queue === undefined) {
      queue = sqsQueue({
        name,
        minReleaseMs: settings.minReleaseMs,
        transport: settings.sqsTransport,
        ...(deadLetterName === undefined ? {} : { deadLetterName }),
        ...(settings.credentials === undefined ? {} : { credentials: settings.credentials }),
        ...(settings.region === undefined ? {} : { region: settings.region }),
        ...(settings.sqsEndpoint === undefined ? {} : { endpoint: settings.sqsEndpoint }),
      });
      queues.set(name, queue);
    }
    return queue;
  };
  const queue = (name: string): Queue =>
    open(physicalQueueName(fleet, name), deadLetterQueueName(fleet, name));
  const producer = createProducer({
    queueFor: (jobName) => queue(queueForJob(fleet, jobName).name),
    objects,
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
    deadLetters: (name) => open(deadLetterQueueName(fleet, name)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface OpenedObjects {
  readonly store: ObjectStore;
  readonly close: () => Promise<void>;
}

/** A request that hangs would hold a slot for ever. */
const S3_TIMEOUTS = { connectionTimeout: 5_000, requestTimeout: 60_000 };

function openObjects({ objects, region, s3Endpoint, credentials }: Settings): OpenedObjects {
  if (objects.kind === 'fs') {
    const store = fsObjectStore({ root: objects.root });
    return { store, close: () => store.close() };
  }
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
