/** Our worker, whole: slots, leases on their thread, envelope, schema, metrics. Its log begins at warnings. */
import { setTimeout as wait } from 'node:timers/promises';
import { createWorker, handle, jsonLog } from '@longshore/worker';
import { fail, joinParent, settings } from './client.ts';
import { benchTask, openQueue, type LongshoreSettings } from './longshore.ts';
import { blockLoop } from './block-loop.ts';
import { waitsMs, type HandlerKind } from './workload.ts';

/** Settings of this client. */
export interface LongshoreWorkerSettings extends LongshoreSettings {
  readonly slots: number;
  readonly handler: HandlerKind;
  /** Of the waits. Default 1. */
  readonly seed?: number;
  readonly leaseMs?: number;
  /** The handler blocks the event loop this long, and says when. */
  readonly blockMs?: number;
}

const { slots, handler, seed = 1, leaseMs, blockMs, ...address } = settings() as LongshoreWorkerSettings;
const client = joinParent();
const nextWaitMs = waitsMs(handler, seed);

createWorker({
  queue: openQueue(address),
  slots,
  ...(leaseMs === undefined ? {} : { leaseMs }),
  log: jsonLog({ level: 'warn' }),
  onFatal: fail,
  handlers: [
    handle(benchTask, async () => {
      if (blockMs !== undefined) return blockLoop(client, blockMs);
      const waitMs = nextWaitMs();
      if (waitMs > 0) await wait(waitMs);
      client.handled(waitMs);
    }),
  ],
}).start();
