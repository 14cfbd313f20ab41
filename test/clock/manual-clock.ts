/** A clock that only a test moves. */
import type { Clock } from '@longshore/job';

/** A clock with its hands free. */
export interface ManualClock extends Clock {
  /** Moves on by `ms`, running what falls due on the way, each at its own time. */
  advance(ms: number): Promise<void>;
  /** Timers that wait. */
  readonly timers: number;
  /** Until the next of them falls due; `Infinity` without one. */
  readonly nextInMs: number;
}

/** Starts at `startMs`. */
export function manualClock(startMs = 1_000_000): ManualClock {
  const timers = new Set<{ atMs: number; callback: () => void }>();
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    after(delayMs, callback) {
      const timer = { atMs: nowMs + Math.max(0, delayMs), callback };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    async advance(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        await settled();
        const next = [...timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
        if (next === undefined) break;
        timers.delete(next);
        nowMs = Math.max(nowMs, next.atMs);
        next.callback();
      }
      nowMs = endMs;
    },
    get timers() {
      return timers.size;
    },
    get nextInMs() {
      return Math.min(Infinity, ...[...timers].map(({ atMs }) => atMs - nowMs));
    },
  };
}

/** Lets everything run that waits for no time and no network. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1)
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
}
