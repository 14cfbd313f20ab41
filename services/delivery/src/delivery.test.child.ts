/**
 * A delivery worker as a process, to be killed: publishes the documents it is told of and sends what is due, until it has
 * nothing left to do. Arguments: folder, URL of the receiver's host, number of documents.
 */
import { join } from 'node:path';
import { fsObjectStore } from '@longshore/objects/fs';
import { createProducer } from '@longshore/queue';
import { memoryQueue } from '@longshore/queue/memory';
import { createWorker, jsonLog } from '@longshore/worker';
import { createDelivery, linkMint, publishDocument, webhookDestination } from './index.ts';
import { sqliteDeliveryStore } from './sqlite/index.ts';

const [folder = '', count = '0'] = process.argv.slice(2);
const store = await sqliteDeliveryStore({ path: join(folder, 'deliveries.db') });
const objects = fsObjectStore({ root: join(folder, 'objects') });
const log = jsonLog({ level: 'silent' });
const delivery = createDelivery({
  store,
  destinations: [webhookDestination({ allowPrivate: ['127.0.0.0/8'], allowHttp: true, timeoutMs: 500 })],
  links: linkMint({ key: 'k'.repeat(32), publicUrl: new URL('https://files.example.com') }),
  log,
  // What a killed process held is taken over soon.
  leaseMs: 1_500,
});
// A queue that nothing is lost from delivers again what nobody has completed: here, everything.
const queue = memoryQueue({ name: 'delivery' });
const producer = createProducer({ queueFor: () => queue });
const worker = createWorker({ queue, objects, producer, slots: 4, handlers: delivery.handlers, log });
await producer.enqueueAll(
  publishDocument,
  Array.from({ length: Number(count) }, (_, index) => {
    const documentId = String(index).padStart(64, '0');
    return {
      documentId,
      revision: 1,
      source: `${index}.pdf`,
      outcome: 'extracted' as const,
      artefactKey: `extractions/1/${documentId}.json`,
    };
  }),
);
worker.start();
delivery.sweeper.start();
process.send?.('started');
