/**
 * Tells the parent process how the worker is doing, where it was started with an IPC channel: on every change at most
 * four times a second, and at least once a second.
 */
import type { Worker } from '@longshore/worker';

const LOOK_EVERY_MS = 250;
const AT_LEAST_EVERY_MS = 1_000;

/** Starts reporting; does nothing without a parent. */
export function reportHeartbeats(worker: Pick<Worker, 'stats'>): { stop: () => void } {
  const send = process.send?.bind(process);
  if (send === undefined) return { stop: () => undefined };
  let last = '';
  let lastAtMs = 0;
  const look = (): void => {
    if (!process.connected) return;
    const { state, slots, busy, completed, failed, buried, meanServiceMs, oldestWaitMs } = worker.stats();
    const heartbeat = {
      type: 'longshore:heartbeat',
      state: state === 'stopped' ? 'draining' : state,
      slots,
      busy,
      completed,
      failed: failed + buried,
      meanServiceMs,
      oldestWaitMs,
    };
    const text = JSON.stringify(heartbeat);
    if (text === last && performance.now() - lastAtMs < AT_LEAST_EVERY_MS) return;
    last = text;
    lastAtMs = performance.now();
    send(heartbeat);
  };
  look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
      look();
    },
  };
}
