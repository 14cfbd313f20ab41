/**
 * The lease keeper on a thread of its own, with its own connection to the queue: the side of the main thread. Leases
 * are handed over through shared memory, so they cost no message and are kept even if this thread is blocked at once.
 */
import { Worker as Thread } from 'node:worker_threads';
import { systemClock } from '@longshore/job';
import type { QueueConnection } from '@longshore/queue';
import type { LeaseEvents, LeaseKeeper } from './lease-keeper.ts';
import { leaseTable, type LeaseTableMemory, type LeaseToken } from './lease-table.ts';

/** From the lease thread to the main thread. */
export type LeaseReport =
  | { readonly type: 'lost'; readonly tokens: readonly LeaseToken[] }
  | { readonly type: 'extended'; readonly count: number; readonly failed: number };

/** What the lease thread is started with. */
export interface LeaseThreadData {
  readonly connection: QueueConnection;
  readonly memory: LeaseTableMemory;
  readonly leaseMs: number;
}

/** Options of {@link threadLeaseKeeper}. */
export interface ThreadLeaseKeeperOptions extends LeaseEvents {
  readonly connection: QueueConnection;
  readonly leaseMs: number;
  /** Most leases held at a time. */
  readonly capacity: number;
  /** The thread died: the worker can hold no lease any more and must stop. */
  readonly onFailed: (error: Error) => void;
}

/** Lets the thread finish an extension under way. */
const STOP_WITHIN_MS = 2_000;
/** The thread holds some strings and one connection. */
const MEMORY_LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 };

/** Starts the lease thread. */
export function threadLeaseKeeper(options: ThreadLeaseKeeperOptions): LeaseKeeper {
  const { connection, leaseMs, onLost, onExtended, onFailed } = options;
  const table = leaseTable(options.capacity);
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const data: LeaseThreadData = { connection, leaseMs, memory: table.memory };
  const thread = new Thread(new URL(`./lease-thread-entry.${extension}`, import.meta.url), {
    workerData: data,
    name: 'longshore-leases',
    resourceLimits: MEMORY_LIMITS,
  });
  let stopping = false;
  const exited = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
  thread.on('message', (report: LeaseReport) => {
    if (report.type === 'lost') onLost(report.tokens);
    else onExtended(report.count, report.failed);
  });
  thread.on('error', onFailed);
  thread.once('exit', (code) => {
    if (!stopping) onFailed(new Error(`The lease thread ended with code ${code}`));
  });
  // The worker's own connections keep the process alive; the lease thread alone must not.
  thread.unref();
  return {
    hold: (held) => table.hold(held),
    drop: (token) => table.drop(token),
    setCeiling: (token, ceilingMs) => table.setCeiling(token, ceilingMs),
    async stop() {
      if (stopping) return exited;
      stopping = true;
      thread.postMessage('stop');
      const timeout = systemClock.after(STOP_WITHIN_MS, () => void thread.terminate());
      await exited;
      timeout.cancel();
    },
  };
}
