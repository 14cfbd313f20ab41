/** A BullMQ worker on a Redis whose queue was filled before. */
import { Worker } from 'bullmq';
import { fail, joinParent, settings } from './client.ts';

/** Settings of this client. */
export interface BullmqSettings {
  readonly port: number;
  readonly queue: string;
  readonly concurrency: number;
}

const { port, queue, concurrency } = settings() as BullmqSettings;
const client = joinParent();

const worker = new Worker(queue, () => Promise.resolve(client.handled(0)), {
  connection: { host: '127.0.0.1', port, maxRetriesPerRequest: null },
  concurrency,
  removeOnComplete: { count: 0 },
});
worker.on('error', fail);
worker.on('failed', (_job, error) => fail(error));
