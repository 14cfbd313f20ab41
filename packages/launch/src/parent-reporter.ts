/**
 * Tells the parent process how the worker is doing, where it was started with an IPC channel: on every change at most
 * four times a second, and at least once a second.
 */
import type { HeartbeatSource } from './heartbeat.ts';

const LOOK_EVERY_MS = 250;
const AT_LEAST_EVERY_MS = 1_000;

/** Starts reporting; does nothing without a parent. */
export function reportToParent(source: HeartbeatSource): { stop: () => void } {
  const send = process.send?.bind(process);
  if (send === undefined) return { stop: () => undefined };
  let last = '';
  let lastAtMs = 0;
  const look = (): void => {
    if (!process.connected) return;
    const activity = JSON.stringify(source.activity());
    if (activity === last && performance.now() - lastAtMs < AT_LEAST_EVERY_MS) return;
    last = activity;
    lastAtMs = performance.now();
    send(source.next());
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
