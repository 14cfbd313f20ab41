/**
 * The lease keeper: extends every held lease, in batches, until it is dropped, and says which ones are lost.
 *
 * `localLeaseKeeper` runs the work on the calling thread. The worker uses it inside a thread of its own wherever the
 * queue can be reached from there, so that a handler that blocks the event loop keeps its leases.
 */
import type { Clock, Timer } from '@longshore/job';
import type { EntryResult, Queue } from '@longshore/queue';
import { leaseBook, type DueLease, type LeaseBook } from './lease-book.ts';
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
  /** There may be a new lease, which holds until `untilMs`. Looks now and then for as long as a lease is held. */
  wake(untilMs?: number): void;
  stop(): Promise<void>;
}

/** Looks ten times per lease, and when one ends: cheap, since a look is a walk over some memory. */
export const LOOKS_PER_LEASE = 10;
/** A share of the lease after which a lease whose extension has no answer is extended again: two tries more. */
const ASK_AGAIN_AFTER = 1 / 5;

/** Extends what is due in a lease table. */
export function leaseWatch(options: LeaseWatchOptions): LeaseWatch {
  return new TableWatch(options);
}

class TableWatch implements LeaseWatch {
  readonly #options: LeaseWatchOptions;
  readonly #book: LeaseBook;
  readonly #calls = new Set<Promise<void>>();
  /** Leases of calls under way, with when they were asked for. */
  readonly #asked = new Map<LeaseToken, number>();
  #timer: Timer | undefined;
  #lookAtMs = Number.POSITIVE_INFINITY;
  #stopped = false;

  constructor(options: LeaseWatchOptions) {
    this.#options = options;
    this.#book = leaseBook(leaseTableReader(options.memory), options.leaseMs);
  }

  wake(untilMs = Number.POSITIVE_INFINITY): void {
    const { clock, leaseMs } = this.#options;
    const nowMs = clock.nowMs();
    const atMs = Math.min(nowMs + leaseMs / LOOKS_PER_LEASE, untilMs);
    if (this.#stopped || this.#lookAtMs <= atMs) return;
    this.#timer?.cancel();
    this.#lookAtMs = atMs;
    this.#timer = clock.after(Math.max(0, atMs - nowMs), () => {
      this.#lookAtMs = Number.POSITIVE_INFINITY;
      this.#look();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await Promise.all(this.#calls);
  }

  /**
   * Says what is lost at once, even while a call hangs: a handler must stop when its lease ends, not later. A call that
   * hangs holds up no other lease, and its own for a while only.
   */
  #look(): void {
    const { clock, leaseMs, onLost } = this.#options;
    const nowMs = clock.nowMs();
    const { extend, lost, firstEndMs } = this.#book.due(nowMs);
    if (lost.length > 0) onLost(lost);
    const due = extend.filter(
      ({ token }) => nowMs - (this.#asked.get(token) ?? -leaseMs) >= leaseMs * ASK_AGAIN_AFTER,
    );
    if (due.length > 0) {
      for (const { token } of due) this.#asked.set(token, nowMs);
      const call = this.#extend(due, nowMs).finally(() => this.#calls.delete(call));
      this.#calls.add(call);
    }
    if (firstEndMs < Number.POSITIVE_INFINITY) this.wake(firstEndMs);
  }

  async #extend(due: readonly DueLease[], askedAtMs: number): Promise<void> {
    const { leaseMs, onLost, onExtended } = this.#options;
    const results = await ask(this.#options, due);
    const stale: LeaseToken[] = [];
    let failed = 0;
    for (const [index, { token }] of due.entries()) {
      if (this.#asked.get(token) === askedAtMs) this.#asked.delete(token);
      const result = results[index];
      if (result?.ok === true) this.#book.extended(token, askedAtMs + leaseMs);
      else if (result === undefined || result.code === 'unavailable') failed += 1;
      else {
        stale.push(token);
        this.#book.lost(token);
      }
    }
    if (stale.length > 0) onLost(stale);
    onExtended(due.length - failed - stale.length, failed + stale.length);
  }
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
      watch.wake(held.untilMs);
      return table.hold(held);
    },
    drop: (token) => table.drop(token),
    setCeiling: (token, ceilingMs) => table.setCeiling(token, ceilingMs),
    stop: () => watch.stop(),
  };
}
