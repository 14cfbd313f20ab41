/**
 * Which leases a worker holds and when each must be extended: plain bookkeeping on numbers, shared by the lease keeper
 * of the main thread and the one on its own thread. It calls nothing and waits for nothing.
 *
 * Invariants: a lease is extended when a third of it has passed, so that two tries may fail before it runs out; never
 * beyond its ceiling (the queue's maximum from receipt, or the time its job may take, whichever comes first).
 */
import type { Lease } from '@longshore/queue';

/** A lease under care. Structured-cloneable. */
export interface HeldLease {
  readonly lease: Lease;
  /** Until when the lease holds now. */
  readonly untilMs: number;
  /** No extension reaches beyond this time. */
  readonly ceilingMs: number;
}

/** What is due at a moment. */
export interface DueLeases {
  readonly extend: readonly Lease[];
  /** Ran out: extensions failed too long, or the ceiling was reached. */
  readonly lost: readonly Lease[];
}

/** Bookkeeping of held leases. */
export interface LeaseBook {
  readonly size: number;
  hold(held: HeldLease): void;
  drop(handle: string): void;
  /** Raises the ceiling of one lease: its job started and may run until then. */
  setCeiling(handle: string, ceilingMs: number): void;
  extended(handle: string, untilMs: number): void;
  due(nowMs: number): DueLeases;
}

/** A share of the lease after which it is extended. */
const EXTEND_AFTER = 1 / 3;

/** An empty book for leases of `leaseMs`. */
export function leaseBook(leaseMs: number): LeaseBook {
  const entries = new Map<string, { lease: Lease; untilMs: number; ceilingMs: number }>();
  return {
    get size() {
      return entries.size;
    },
    hold: ({ lease, untilMs, ceilingMs }) => void entries.set(lease.handle, { lease, untilMs, ceilingMs }),
    drop: (handle) => void entries.delete(handle),
    setCeiling(handle, ceilingMs) {
      const entry = entries.get(handle);
      if (entry !== undefined) entry.ceilingMs = ceilingMs;
    },
    extended(handle, untilMs) {
      const entry = entries.get(handle);
      if (entry !== undefined) entry.untilMs = untilMs;
    },
    due(nowMs) {
      const extend: Lease[] = [];
      const lost: Lease[] = [];
      for (const [handle, { lease, untilMs, ceilingMs }] of entries) {
        if (nowMs >= untilMs) {
          entries.delete(handle);
          lost.push(lease);
        } else if (nowMs >= untilMs - leaseMs * (1 - EXTEND_AFTER) && nowMs + leaseMs <= ceilingMs) {
          extend.push(lease);
        }
      }
      return { extend, lost };
    },
  };
}
