/**
 * The lease keeper: extends every held lease, in batches, until it is dropped, and says which ones are lost.
 *
 * `localLeaseKeeper` runs the work on the calling thread. The worker uses it inside a thread of its own wherever the
 * queue can be reached from there, so that a handler that blocks the event loop keeps its leases.
 */
import type { Clock, Timer } from '@longshore/job';
import type { EntryResult, Lease, Queue } from '@longshore/queue';
import { leaseBook, type HeldLease } from './lease-book.ts';

/** Keeps leases alive. */
export interface LeaseKeeper {
  hold(held: readonly HeldLease[]): void;
  drop(handles: readonly string[]): void;
  setCeiling(handle: string, ceilingMs: number): void;
  /** Stops extending. Held leases run out by themselves or are settled by their owner. */
  stop(): Promise<void>;
}

/** What the keeper reports. */
export interface LeaseEvents {
  /** These leases no longer hold; their results must not be acknowledged. */
  readonly onLost: (handles: readonly string[]) => void;
  readonly onExtended: (count: number, failed: number) => void;
}

/** Options of {@link localLeaseKeeper}. */
export interface LocalLeaseKeeperOptions extends LeaseEvents {
  readonly queue: Pick<Queue, 'extend'>;
  readonly leaseMs: number;
  readonly clock: Clock;
}

/** Looks ten times per lease: late by a tenth at most, and cheap, since a look is a walk over a map. */
const LOOKS_PER_LEASE = 10;

/** A lease keeper on the calling thread. */
export function localLeaseKeeper(options: LocalLeaseKeeperOptions): LeaseKeeper {
  const { queue, leaseMs, clock, onLost, onExtended } = options;
  const book = leaseBook(leaseMs);
  let timer: Timer | undefined;
  let running: Promise<void> | undefined;
  let stopped = false;

  const schedule = (): void => {
    if (stopped || timer !== undefined || book.size === 0) return;
    timer = clock.after(leaseMs / LOOKS_PER_LEASE, () => {
      timer = undefined;
      running ??= look().finally(() => {
        running = undefined;
        schedule();
      });
      schedule();
    });
  };

  const look = async (): Promise<void> => {
    const askedAtMs = clock.nowMs();
    const { extend, lost } = book.due(askedAtMs);
    if (lost.length > 0) onLost(lost.map((lease) => lease.handle));
    if (extend.length === 0) return;
    const results = await extendAll(extend);
    const stale: string[] = [];
    let failed = 0;
    for (const [index, result] of results.entries()) {
      const handle = extend[index]?.handle ?? '';
      if (result.ok) book.extended(handle, askedAtMs + leaseMs);
      else if (result.code === 'unavailable') failed += 1;
      else stale.push(handle);
    }
    for (const handle of stale) book.drop(handle);
    if (stale.length > 0) onLost(stale);
    onExtended(results.length - failed - stale.length, failed + stale.length);
  };

  const extendAll = async (leases: readonly Lease[]): Promise<readonly EntryResult[]> => {
    try {
      return await queue.extend(leases, leaseMs);
    } catch (error) {
      // The next look tries again; the book itself says when a lease has run out.
      return leases.map(() => ({ ok: false, code: 'unavailable', message: String(error) }));
    }
  };

  return {
    hold(held) {
      for (const entry of held) book.hold(entry);
      schedule();
    },
    drop(handles) {
      for (const handle of handles) book.drop(handle);
    },
    setCeiling: (handle, ceilingMs) => book.setCeiling(handle, ceilingMs),
    async stop() {
      stopped = true;
      timer?.cancel();
      timer = undefined;
      await running;
    },
  };
}
