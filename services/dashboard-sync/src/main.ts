/** Runs one worker of the dashboards: it counts documents, and shows the counts at a fixed pace. */
import { randomUUID } from 'node:crypto';
import { launch } from '@longshore/launch';
import fleet from '../../../fleet.ts';
import {
  countDocumentHandler,
  createPusher,
  openDashboardStore,
  readDashboardSettings,
  shippedDatasets,
  sinksFromSettings,
} from './index.ts';

await launch({
  fleet,
  service: 'dashboard-sync',
  async setUp({ env, log }) {
    const settings = readDashboardSettings(env);
    const store = await openDashboardStore(settings.store, {
      onIdleError: (error) => log.warn({ err: error }, 'A connection to PostgreSQL broke'),
    });
    const opened = await sinksFromSettings(settings.sinks);
    const pusher = createPusher({
      store,
      sinks: opened.sinks,
      datasets: shippedDatasets,
      log,
      holder: randomUUID(),
      intervalMs: settings.intervalMs,
    });
    pusher.start();
    return {
      handlers: [countDocumentHandler({ store, datasets: shippedDatasets })],
      async close() {
        await pusher.stop();
        await opened[Symbol.asyncDispose]();
        await store.close();
      },
    };
  },
});
