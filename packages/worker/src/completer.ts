/**
 * Coalesces acknowledgements of independent messages into batch calls: a short linger, full batches at once, failed
 * entries tried again, everything flushed on drain. A completion that cannot be delivered leaves its message in the done
 * memory, so that the redelivery is acknowledged, not run.
 */
import type { Clock, Timer } from '@longshore/job';
import type { Lease, Queue } from '@longshore/queue';

/** What is acknowledged, whatever else belongs to it. */
interface Finished {
  readonly message: { readonly lease: Lease };
}

/** Acknowledges messages in batches. */
export interface Completer<Entry extends Finished> {
  /** Takes a message over; `onSettled` tells whether it is gone from the queue. */
  complete(entry: Entry): void;
  /** Resolves when everything handed over before has been settled. */
  flush(): Promise<void>;
}

/** Options of {@link completer}. */
export interface CompleterOptions<Entry extends Finished> {
  readonly queue: Pick<Queue, 'complete' | 'capabilities'>;
  readonly clock: Clock;
  /** How long a completion may wait for company. 0 sends at once. */
  readonly lingerMs: number;
  readonly onSettled: (entry: Entry, completed: boolean) => void;
}

interface Pending<Entry> {
  readonly entry: Entry;
  readonly tries: number;
}

/** The driver itself retries transport faults; these tries are for entries the server refused for now. */
const MAX_TRIES = 4;

/** A completer on a queue. */
export function completer<Entry extends Finished>(options: CompleterOptions<Entry>): Completer<Entry> {
  const { queue, clock, lingerMs, onSettled } = options;
  const batchSize = queue.capabilities.maxBatch;
  let pending: Pending<Entry>[] = [];
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

  const settle = async (batch: readonly Pending<Entry>[]): Promise<void> => {
    const leases = batch.map(({ entry }) => entry.message.lease);
    const results = await queue.complete(leases).catch(() => undefined);
    for (const [index, { entry, tries }] of batch.entries()) {
      const result = results?.[index];
      if (result?.ok === true) onSettled(entry, true);
      else if (result?.code === 'lease_lost' || result?.code === 'rejected' || tries >= MAX_TRIES)
        onSettled(entry, false);
      else add({ entry, tries: tries + 1 });
    }
  };

  const add = (one: Pending<Entry>): void => {
    pending.push(one);
    if (pending.length >= batchSize || lingerMs === 0) sendBatch();
    else timer ??= clock.after(lingerMs, sendBatch);
  };

  return {
    complete: (entry) => add({ entry, tries: 1 }),
    async flush() {
      while (pending.length > 0 || calls.size > 0) {
        while (pending.length > 0) sendBatch();
        await Promise.all(calls);
      }
    },
  };
}
