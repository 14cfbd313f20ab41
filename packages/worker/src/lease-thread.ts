/**
 * The lease keeper on a thread of its own, with its own connection to the queue: the side of the main thread.
 *
 * Messages go over in batches (one per receive, one per flush of completions), so the cost per job is small.
 */
import { Worker as Thread } from 'node:worker_threads';
import type { QueueConnection } from '@longshore/queue';
import type { HeldLease } from './lease-book.ts';
import type { LeaseEvents, LeaseKeeper } from './lease-keeper.ts';

/** From the main thread to the lease thread. */
export type LeaseCommand =
  | { readonly type: 'hold'; readonly held: readonly HeldLease[] }
  | { readonly type: 'drop'; readonly handles: readonly string[] }
  | { readonly type: 'ceiling'; readonly handle: string; readonly ceilingMs: number }
  | { readonly type: 'stop' };

/** From the lease thread to the main thread. */
export type LeaseReport =
  | { readonly type: 'ready' }
  | { readonly type: 'lost'; readonly handles: readonly string[] }
  | { readonly type: 'extended'; readonly count: number; readonly failed: number };

/** What the lease thread is started with. */
export interface LeaseThreadData {
  readonly connection: QueueConnection;
  readonly leaseMs: number;
}

/** Options of {@link threadLeaseKeeper}. */
export interface ThreadLeaseKeeperOptions extends LeaseEvents, LeaseThreadData {
  /** The thread died: the worker can hold no lease any more and must stop. */
  readonly onFailed: (error: Error) => void;
}

/** Lets the thread finish an extension under way. */
const STOP_WITHIN_MS = 2_000;

/** Starts the lease thread. Commands given before it is ready wait in its mailbox. */
export function threadLeaseKeeper(options: ThreadLeaseKeeperOptions): LeaseKeeper {
  const { connection, leaseMs, onLost, onExtended, onFailed } = options;
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const data: LeaseThreadData = { connection, leaseMs };
  const thread = new Thread(new URL(`./lease-thread-entry.${extension}`, import.meta.url), {
    workerData: data,
    name: 'longshore-leases',
  });
  let stopping = false;
  const exited = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
  thread.on('message', (report: LeaseReport) => {
    if (report.type === 'lost') onLost(report.handles);
    if (report.type === 'extended') onExtended(report.count, report.failed);
  });
  thread.on('error', onFailed);
  thread.once('exit', (code) => {
    if (!stopping) onFailed(new Error(`The lease thread ended with code ${code}`));
  });
  // The worker's own connections keep the process alive; the lease thread alone must not.
  thread.unref();
  const send = (command: LeaseCommand): void => thread.postMessage(command);
  return {
    hold: (held) => send({ type: 'hold', held }),
    drop: (handles) => send({ type: 'drop', handles }),
    setCeiling: (handle, ceilingMs) => send({ type: 'ceiling', handle, ceilingMs }),
    async stop() {
      if (stopping) return exited;
      stopping = true;
      send({ type: 'stop' });
      const timeout = setTimeout(() => void thread.terminate(), STOP_WITHIN_MS);
      await exited;
      clearTimeout(timeout);
    },
  };
}
