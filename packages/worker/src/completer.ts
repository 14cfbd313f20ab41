/**
 * Coalesces acknowledgements of independent messages into batch calls: a short linger, full batches at once, failed
 * entries tried again, everything flushed on drain. A completion that cannot be delivered leaves its message in the done
 * memory, so that the redelivery is acknowledged, not run.
 */
import type { Clock, Timer } from '@longshore/job';
import type { Lease, Queue } from '@longshore/queue';

/** Acknowledges messages in batches. */
export interface Completer {
  /** Takes a lease over; `onSettled` tells whether its message is gone. */
  complete(lease: Lease): void;
  /** Resolves when everything handed over before has been settled. */
  flush(): Promise<void>;
}

/** Options of {@link completer}. */
export interface CompleterOptions {
  readonly queue: Pick<Queue, 'complete' | 'capabilities'>;
  readonly clock: Clock;
  /** How long a completion may wait for company. 0 sends at once. */
  readonly lingerMs: number;
  readonly onSettled: (lease: Lease, completed: boolean) => void;
}

interface Pending {
  readonly lease: Lease;
  readonly tries: number;
}

/** The driver itself retries transport faults; these tries are for entries the server refused for now. */
const MAX_TRIES = 4;

/** A completer on a queue. */
export function completer(options: CompleterOptions): Completer {
  const { queue, clock, lingerMs, onSettled } = options;
  const batchSize = queue.capabilities.maxBatch;
  let pending: Pending[] = [];
  let timer: Timer | undefined;
  const calls = new Set<Promise<void>>();

  const sendBatch = (): void => {
    timer?.cancel();
    timer = undefined;
    const batch = pending.slice(0, batchSize);
    pending = pending.slice(batchSize);
    if (batch.length === 0) return;
    const call = settle(batch).finally(() => calls.delete(call));
    calls.add(call);
  };

  const settle = async (batch: readonly Pending[]): Promise<void> => {
    const leases = batch.map((entry) => entry.lease);
    const results = await queue.complete(leases).catch(() => undefined);
    for (const [index, entry] of batch.entries()) {
      const result = results?.[index];
      if (result?.ok === true) onSettled(entry.lease, true);
      else if (result?.code === 'lease_lost' || result?.code === 'rejected' || entry.tries >= MAX_TRIES) {
        onSettled(entry.lease, false);
      } else add({ lease: entry.lease, tries: entry.tries + 1 });
    }
  };

  const add = (entry: Pending): void => {
    pending.push(entry);
    if (pending.length >= batchSize || lingerMs === 0) sendBatch();
    else timer ??= clock.after(lingerMs, sendBatch);
  };

  return {
    complete: (lease) => add({ lease, tries: 1 }),
    async flush() {
      while (pending.length > 0 || calls.size > 0) {
        while (pending.length > 0) sendBatch();
        await Promise.all(calls);
      }
    },
  };
}
