import { describe, expect, it } from 'vitest';
import { sleep, systemClock } from './clock.ts';

describe('sleep', () => {
  it('ends at once when its signal has aborted or aborts', async () => {
    const controller = new AbortController();
    const waiting = sleep(60_000, { signal: controller.signal });
    controller.abort();
    await expect(waiting).resolves.toBeUndefined();
    await expect(sleep(60_000, { signal: controller.signal })).resolves.toBeUndefined();
  });

  it('leaves no listener on the signal', async () => {
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    await sleep(1, { signal });
    expect(listeners).toBe(0);
  });
});

describe('systemClock', () => {
  it('is close to the epoch clock and never runs backwards', () => {
    const readings = Array.from({ length: 1_000 }, () => systemClock.nowMs());
    expect(readings.every((reading, index) => index === 0 || reading >= (readings[index - 1] ?? 0))).toBe(
      true,
    );
    expect(Math.abs(systemClock.nowMs() - Date.now())).toBeLessThan(60_000);
  });
});
