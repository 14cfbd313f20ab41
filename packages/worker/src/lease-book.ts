/**
 * When each held lease must be extended, and which ones are lost: plain bookkeeping on numbers over a lease table. It
 * calls nothing and waits for nothing.
 *
 * Invariants: a lease is extended when a third of it has passed, so that two tries may fail before it runs out; never
 * beyond its ceiling (the queue's maximum from receipt, or the time its job may take, whichever comes first).
 */
import type { Lease } from '@longshore/queue';
import type { LeaseTableReader, LeaseToken } from './lease-table.ts';

/** A lease to extend. */
export interface DueLease {
  readonly token: LeaseToken;
  readonly lease: Lease;
}

/** What is due at a moment. */
export interface DueLeases {
  readonly extend: readonly DueLease[];
  /** Ran out: extensions failed too long, or the ceiling was reached. Each is named once. */
  readonly lost: readonly LeaseToken[];
  /** When the first of the leases that still hold runs out; infinity without any. */
  readonly firstEndMs: number;
}

/** Bookkeeping of held leases. */
export interface LeaseBook {
  due(nowMs: number): DueLeases;
  extended(token: LeaseToken, untilMs: number): void;
  /** The queue says that this lease no longer holds. */
  lost(token: LeaseToken): void;
}

/** A share of the lease after which it is extended. */
const EXTEND_AFTER = 1 / 3;

/** An empty book for leases of `leaseMs`. */
export function leaseBook(table: LeaseTableReader, leaseMs: number): LeaseBook {
  // What the table cannot say: until when a lease holds that was extended, and -Infinity for one that is lost.
  let extendedUntilMs = new Map<LeaseToken, number>();
  return {
    due(nowMs) {
      const extend: DueLease[] = [];
      const lost: LeaseToken[] = [];
      const known = new Map<LeaseToken, number>();
      let firstEndMs = Number.POSITIVE_INFINITY;
      for (const { token, untilMs, ceilingMs, readLease } of table.entries()) {
        const holdsUntilMs = extendedUntilMs.get(token) ?? untilMs;
        if (extendedUntilMs.has(token)) known.set(token, holdsUntilMs);
        if (holdsUntilMs === Number.NEGATIVE_INFINITY) continue;
        if (nowMs >= holdsUntilMs) {
          known.set(token, Number.NEGATIVE_INFINITY);
          lost.push(token);
          continue;
        }
        firstEndMs = Math.min(firstEndMs, holdsUntilMs);
        if (nowMs >= holdsUntilMs - leaseMs * (1 - EXTEND_AFTER) && nowMs + leaseMs <= ceilingMs) {
          const lease = readLease();
          if (lease !== undefined) extend.push({ token, lease });
        }
      }
      extendedUntilMs = known;
      return { extend, lost, firstEndMs };
    },
    extended: (token, untilMs) => void extendedUntilMs.set(token, untilMs),
    lost: (token) => void extendedUntilMs.set(token, Number.NEGATIVE_INFINITY),
  };
}
