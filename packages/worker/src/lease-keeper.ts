/**
 * The lease keeper: extends every held lease, in batches, until it is dropped, and says which ones are lost.
 *
 * `localLeaseKeeper` runs the work on the calling thread. The worker uses it inside a thread of its own wherever the
 * queue can be reached from there, so that a handler that blocks the event loop keeps its leases.
 */
import type { Clock, Timer } from '@longshore/job';
import type { EntryResult, Queue } from '@longshore/queue';
import { leaseBook, type DueLease } from './lease-book.ts';
import {
  leaseTable,
  leaseTableReader,
  type HeldLease,
  type LeaseTableMemory,
  type LeaseToken,
} from './lease-table.ts';

/** Keeps leases alive. */
export interface LeaseKeeper {
  /** Answers `undefined` when the lease cannot be kept: the table is full, or its texts are too long. */
  hold(held: HeldLease): LeaseToken | undefined;
  drop(token: LeaseToken): void;
  setCeiling(token: LeaseToken, ceilingMs: number): void;
  /** Stops extending. Held leases run out by themselves or are settled by their owner. */
  stop(): Promise<void>;
}

/** What a keeper reports. */
export interface LeaseEvents {
  /** These leases no longer hold; their results must not be acknowledged. */
  readonly onLost: (tokens: readonly LeaseToken[]) => void;
  readonly onExtended: (count: number, failed: number) => void;
}

/** Options of {@link leaseWatch}. */
export interface LeaseWatchOptions extends LeaseEvents {
  readonly memory: LeaseTableMemory;
  readonly queue: Pick<Queue, 'extend'>;
  readonly leaseMs: number;
  readonly clock: Clock;
}

/** Looks after the leases of a table. */
export interface LeaseWatch {
  /** Looks now and then for as long as a lease is held. */
  wake(): void;
  stop(): Promise<void>;
}

/** Looks ten times per lease: late by a tenth at most, and cheap, since a look is a walk over some memory. */
export const LOOKS_PER_LEASE = 10;

/** Extends what is due in a lease table. */
export function leaseWatch(options: LeaseWatchOptions): LeaseWatch {
  const { leaseMs, clock, onLost, onExtended } = options;
  const book = leaseBook(leaseTableReader(options.memory), leaseMs);
  let timer: Timer | undefined;
  let looking: Promise<void> | undefined;
  let stopped = false;

  const wake = (): void => {
    if (stopped || timer !== undefined) return;
    timer = clock.after(leaseMs / LOOKS_PER_LEASE, () => {
      timer = undefined;
      const askedAtMs = clock.nowMs();
      const { extend, lost, kept } = book.due(askedAtMs);
      if (lost.length > 0) onLost(lost);
      // A call that hangs keeps no other lease from being looked at; its own entries are asked for again.
      if (extend.length > 0)
        looking = Promise.all([looking, extendDue(extend, askedAtMs)]).then(() => undefined);
      if (kept > lost.length) wake();
    });
  };

  const extendDue = async (due: readonly DueLease[], askedAtMs: number): Promise<void> => {
    const results = await ask(options, due);
    const stale: LeaseToken[] = [];
    let failed = 0;
    for (const [index, { token }] of due.entries()) {
      const result = results[index];
      if (result?.ok === true) book.extended(token, askedAtMs + leaseMs);
      else if (result === undefined || result.code === 'unavailable') failed += 1;
      else {
        stale.push(token);
        book.lost(token);
      }
    }
    if (stale.length > 0) onLost(stale);
    onExtended(due.length - failed - stale.length, failed + stale.length);
  };

  return {
    wake,
    async stop() {
      stopped = true;
      timer?.cancel();
      await looking;
    },
  };
}

async function ask(
  { queue, leaseMs }: LeaseWatchOptions,
  due: readonly DueLease[],
): Promise<readonly EntryResult[]> {
  try {
    return await queue.extend(
      due.map(({ lease }) => lease),
      leaseMs,
    );
  } catch (error) {
    // The next look asks again; the book itself says when a lease has run out.
    return due.map(() => ({ ok: false, code: 'unavailable', message: String(error) }));
  }
}

/** Options of {@link localLeaseKeeper}. */
export interface LocalLeaseKeeperOptions extends Omit<LeaseWatchOptions, 'memory'> {
  /** Most leases held at a time. */
  readonly capacity: number;
}

/** A lease keeper on the calling thread. */
export function localLeaseKeeper(options: LocalLeaseKeeperOptions): LeaseKeeper {
  const table = leaseTable(options.capacity);
  const watch = leaseWatch({ ...options, memory: table.memory });
  return {
    hold(held) {
      watch.wake();
      return table.hold(held);
    },
    drop: (token) => table.drop(token),
    setCeiling: (token, ceilingMs) => table.setCeiling(token, ceilingMs),
    stop: () => watch.stop(),
  };
}
