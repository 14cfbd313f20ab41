/** Claims in the memory of this process, for tests and examples. Keeps the whole contract; nothing survives the process. */
import { systemClock, type Clock } from '@longshore/job';
import type { ClaimAnswer, ClaimRequest, HeldClaim, OnceStore } from '../once-store.ts';

/** Options of {@link memoryOnceStore}. */
export interface MemoryOnceStoreOptions {
  /** Ends leases and retentions. Default: the machine's clock. */
  readonly clock?: Clock;
}

/** What is known of a key. `owner` is absent when it was released, `record` until it is done. */
interface Entry {
  readonly owner?: string;
  readonly fence: number;
  /** End of the lease, or of the retention once there is a record. */
  readonly untilMs: number;
  readonly record?: string;
}

/** A store of claims in memory. */
export function memoryOnceStore(options: MemoryOnceStoreOptions = {}): OnceStore {
  const { clock = systemClock } = options;
  const entries = new Map<string, Entry>();
  return {
    claim: async (key, request): Promise<ClaimAnswer> => {
      const entry = entries.get(key);
      const remainingMs = entry?.owner === undefined ? 0 : entry.untilMs - clock.nowMs();
      const isOwn = entry?.owner === request.owner;
      if (remainingMs > 0 && entry?.record !== undefined) return { state: 'done', record: entry.record };
      if (remainingMs > 0 && !isOwn) return { state: 'busy', busyForMs: remainingMs };
      const fence = isOwn ? entry.fence : (entry?.fence ?? 0) + 1;
      entries.set(key, { owner: request.owner, fence, untilMs: clock.nowMs() + request.leaseMs });
      return { state: 'held', claim: heldClaim(entries, clock, key, { ...request, fence }) };
    },
  };
}

function heldClaim(
  entries: Map<string, Entry>,
  clock: Clock,
  key: string,
  { owner, fence, retentionMs }: ClaimRequest & { readonly fence: number },
): HeldClaim {
  // No await between a look and its act, so each is one step.
  const own = (): Entry | undefined => {
    const entry = entries.get(key);
    return entry?.owner === owner && entry.fence === fence ? entry : undefined;
  };
  return {
    fence,
    renew: async (leaseMs) => {
      const entry = own();
      if (entry === undefined || entry.record !== undefined) return false;
      entries.set(key, { owner, fence, untilMs: clock.nowMs() + leaseMs });
      return true;
    },
    commit: async (record) => {
      const entry = own();
      if (entry === undefined) return false;
      if (entry.record === undefined) {
        entries.set(key, { owner, fence, untilMs: clock.nowMs() + retentionMs, record });
      }
      return true;
    },
    release: async () => {
      const entry = own();
      if (entry !== undefined && entry.record === undefined) entries.set(key, { fence, untilMs: 0 });
    },
  };
}
