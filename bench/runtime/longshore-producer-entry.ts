/** Our producer: many callers, each of which waits until the queue has its job. */
import { createProducer } from '@longshore/queue';
import { joinParent, settings } from './client.ts';
import { benchTask, openQueue, type LongshoreSettings } from './longshore.ts';
import { samplePayload } from './workload.ts';

/** Settings of this client. */
export interface LongshoreProducerSettings extends LongshoreSettings {
  readonly callers: number;
}

const { callers, ...address } = settings() as LongshoreProducerSettings;
const client = joinParent();
const queue = openQueue(address);
const producer = createProducer({ queueFor: () => queue });

async function caller(index: number): Promise<void> {
  while (client.isOpen()) {
    await producer.enqueue(benchTask, samplePayload(index));
    client.handled(0);
  }
}

await Promise.all(Array.from({ length: callers }, (_, index) => caller(index)));
