/** A launched service whose jobs end when a test opens their gate: an object in the store. */
import { setTimeout as delay } from 'node:timers/promises';
import { defineJob } from '@longshore/job';
import { defineFleet } from '@longshore/fleet';
import { launch } from '@longshore/launch';
import { handle } from '@longshore/worker';
import { z } from 'zod';

/** The job: `n` is its gate. */
export const gated = defineJob({ name: 'gated', schema: z.object({ n: z.number().int() }) });

/** The fleet of one service. */
export const gatedFleet = defineFleet({
  name: 'gates',
  queues: { jobs: { jobs: ['gated'], lease: '3s' } },
  services: {
    gating: {
      entry: './fixture-gated.ts',
      queue: 'jobs',
      slots: 1,
      cpuUnits: 256,
      memoryMiB: 512,
      scale: { min: 0, max: 2 },
      objective: { percentile: 95, timeInQueue: '60s' },
    },
  },
});

if (import.meta.main)
  await launch({
    fleet: gatedFleet,
    service: 'gating',
    setUp: ({ objects }) => ({
      handlers: [
        handle(gated, async ({ payload, signal }) => {
          await objects.put(`began/${payload.n}`, '');
          while ((await objects.head(`open/${payload.n}`)) === undefined)
            await delay(50, undefined, { signal });
          await objects.create(`effects/${payload.n}`, '');
        }),
      ],
    }),
  });
