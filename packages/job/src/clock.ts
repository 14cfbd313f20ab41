/**
 * Time as a parameter: everything that waits or reads the time takes a `Clock`, so that tests and the simulator run
 * the same code on virtual time.
 */

/** A timer that can be cancelled. */
export interface Timer {
  cancel(): void;
}

/** Time and timers. */
export interface Clock {
  /** Milliseconds since the epoch that never run backwards while the process lives. */
  nowMs(): number;
  /** Runs `callback` once after `delayMs`. A pending timer keeps the process alive, so cancel what is not needed. */
  after(delayMs: number, callback: () => void): Timer;
}

/** The machine's clock: the epoch at process start plus monotonic time, so that a clock correction moves no deadline. */
export const systemClock: Clock = {
  nowMs: () => performance.timeOrigin + performance.now(),
  after(delayMs, callback) {
    const handle = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Resolves after `delayMs`, or at once when the signal aborts. Never rejects. */
export function sleep(
  delayMs: number,
  options: { readonly clock?: Clock; readonly signal?: AbortSignal } = {},
): Promise<void> {
  const { clock = systemClock, signal } = options;
  if (signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.after(delayMs, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}
