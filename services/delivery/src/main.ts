/** Runs one delivery worker: its jobs, the sweeper, and the link server where a port is set. */
import { launch } from '@longshore/launch';
import type { Queue } from '@longshore/queue';
import { sqsQueue } from '@longshore/queue/sqs';
import fleet from '../../../fleet.ts';
import {
  createDelivery,
  linkMint,
  objectDestination,
  openDeliveryStore,
  queueDestination,
  serveLinks,
  webhookDestination,
} from './index.ts';
import { readDeliverySettings, type DeliverySettings } from './settings.ts';

await launch({
  fleet,
  service: 'delivery',
  async setUp({ env, objects, log }) {
    const settings = readDeliverySettings(env);
    const store = await openDeliveryStore(settings.store, {
      onIdleError: (error) => log.warn({ err: error }, 'A connection to PostgreSQL broke'),
    });
    const destinations = [
      webhookDestination(settings),
      queueDestination({ queues: openQueues(settings, env) }),
      objectDestination({ objects }),
    ];
    const links = linkMint({ key: settings.linkKey, publicUrl: settings.publicUrl });
    const delivery = createDelivery({ ...settings, store, destinations, links, log });
    const server =
      settings.links === undefined
        ? undefined
        : await serveLinks({ ...settings.links, links: store.links, objects, log });
    if (server !== undefined) log.info({ port: server.port }, 'Serving links');
    delivery.sweeper.start();
    return {
      handlers: delivery.handlers,
      async close() {
        await server?.close();
        await delivery.sweeper.stop();
        await Promise.all(destinations.map((each) => each.close()));
        await store.close();
      },
    };
  },
});

function openQueues(
  { queues }: DeliverySettings,
  env: Readonly<Record<string, string | undefined>>,
): ReadonlyMap<string, Queue> {
  const endpoint = env['LONGSHORE_SQS_ENDPOINT'];
  const region = env['AWS_REGION'];
  const options = {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
  };
  return new Map(queues.map((name) => [name, sqsQueue({ name, ...options })]));
}
