/** A service of a fleet, launched as services are. Task 0 leaves a rejected promise behind that nobody awaits. */
import { defineFleet } from '@longshore/fleet';
import { launch } from '@longshore/launch';
import { handle } from '@longshore/worker';
import { performTask } from './perform-task.ts';
import { openRunLog } from './run-log.ts';
import { work } from './task.ts';

const log = openRunLog(process.env['RUN_LOG'] ?? '');
process.send?.('ready');
await launch({
  fleet: defineFleet({
    name: 'chaos',
    queues: { jobs: { jobs: ['work'], lease: '3s' } },
    services: {
      working: {
        entry: './fixture-launched.ts',
        queue: 'jobs',
        slots: 10,
        cpuUnits: 256,
        memoryMiB: 512,
        scale: { min: 0, max: 1 },
        objective: { percentile: 95, timeInQueue: '60s' },
        drain: '20s',
      },
    },
  }),
  service: 'working',
  setUp: ({ objects }) => ({
    handlers: [
      handle(work, async ({ payload, attempt, signal }) => {
        if (payload.n === 0) void Promise.reject(new Error('Nobody awaits this'));
        await performTask(payload, { objects, log, attempt, signal });
      }),
    ],
  }),
});
