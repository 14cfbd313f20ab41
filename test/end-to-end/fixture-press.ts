/** A fleet of one service whose workers are launched as they are in production: its file, and its worker. */
import { setTimeout as delay } from 'node:timers/promises';
import { defineFleet, type Fleet } from '@longshore/fleet';
import { defineJob } from '@longshore/job';
import { launch } from '@longshore/launch';
import { handle } from '@longshore/worker';
import { z } from 'zod';

/** The fleet's job: a page that takes a while, and is printed once. */
export const printPage = defineJob({
  name: 'print-page',
  schema: z.object({ page: z.number().int(), workMs: z.number() }),
});

const fleet: Fleet = defineFleet({
  name: 'press',
  queues: { pages: { jobs: ['print-page'], lease: '10s' } },
  services: {
    print: {
      entry: './fixture-press.ts',
      queue: 'pages',
      slots: 2,
      cpuUnits: 256,
      memoryMiB: 512,
      scale: { max: 4, idle: '3s' },
      objective: { percentile: 99, timeInQueue: '20s' },
      startup: '3s',
      serviceTime: '1s',
      drain: '10s',
    },
  },
});

export default fleet;

if (import.meta.main) {
  await launch({
    fleet,
    service: 'print',
    setUp: ({ objects }) => ({
      handlers: [
        handle(printPage, async ({ payload, attempt }) => {
          await objects.create(`runs/${payload.page}/${process.pid}-${attempt}`, '');
          await delay(payload.workMs);
          await objects.create(`printed/${payload.page}`, '');
        }),
      ],
    }),
  });
}
