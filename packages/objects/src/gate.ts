/** The open or closed state of a store, the same for every driver. */
import { LongshoreError } from '@longshore/job';

/** Lets calls through until it is closed. */
export interface Gate {
  /** @throws LongshoreError `closed` */
  assertOpen(): void;
  /** Runs a call, and has `close` wait for it. Rejects with `closed` once closed. */
  run<Result>(call: () => Promise<Result>): Promise<Result>;
  /** Refuses new calls and resolves when those under way have ended. Idempotent. */
  close(): Promise<void>;
}

/** An open gate. */
export function openGate(storeName: string): Gate {
  const running = new Set<Promise<unknown>>();
  let isClosed = false;
  const assertOpen = (): void => {
    if (isClosed) throw new LongshoreError('closed', `Cannot use the ${storeName}: it is closed`);
  };
  return {
    assertOpen,
    async run(call) {
      assertOpen();
      const result = call();
      running.add(result);
      try {
        return await result;
      } finally {
        running.delete(result);
      }
    },
    async close() {
      isClosed = true;
      await Promise.allSettled(running);
    },
  };
}
