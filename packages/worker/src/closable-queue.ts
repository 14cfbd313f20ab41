/**
 * A queue that a session closes for itself when its stop is over: whatever is still under way then, such as retries of
 * an acknowledgement that the deadline cut off, calls the queue no more. Its messages return after their leases.
 */
import type { EntryResult, Queue } from '@longshore/queue';

/** A session's own door to its queue. */
export interface ClosableQueue {
  readonly queue: Queue;
  /** From now on nothing is called. The queue itself stays open. */
  close(): void;
}

/** A door, open. */
export function closableQueue(queue: Queue): ClosableQueue {
  let isClosed = false;
  const entries = <Args extends readonly [readonly unknown[], ...unknown[]]>(
    call: (...args: Args) => Promise<readonly EntryResult[]>,
  ): ((...args: Args) => Promise<readonly EntryResult[]>) => {
    return (...args) => (isClosed ? Promise.resolve(args[0].map(() => STOPPED)) : call(...args));
  };
  return {
    queue: {
      name: queue.name,
      capabilities: queue.capabilities,
      connection: queue.connection,
      send: entries((messages) => queue.send(messages)),
      receive: (options) => (isClosed ? Promise.resolve([]) : queue.receive(options)),
      complete: entries((leases) => queue.complete(leases)),
      extend: entries((leases, leaseMs) => queue.extend(leases, leaseMs)),
      release: entries((leases, delayMs) => queue.release(leases, delayMs)),
      bury: entries((letters) => queue.bury(letters)),
      counts: () => queue.counts(),
      close: () => queue.close(),
      [Symbol.asyncDispose]: () => queue.close(),
    },
    close() {
      isClosed = true;
    },
  };
}

const STOPPED: EntryResult = { ok: false, code: 'rejected', message: 'The worker has stopped' };
