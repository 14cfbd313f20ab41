import type { WorkerHeartbeat } from '@longshore/fleet';
import { LongshoreError } from '@longshore/job';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../fixtures/manual-clock.ts';
import { consumeHeartbeats, type FactsQueue } from './consume-heartbeats.ts';
import { heartbeat } from './fixtures/heartbeat.ts';

/** A queue in memory that answers after 20 ms while it has messages, and waits otherwise. */
function factsQueue(clock: ReturnType<typeof manualClock>) {
  const messages: string[] = [];
  const state = { fault: undefined as Error | undefined, acknowledged: 0, receiving: 0, mostReceiving: 0 };
  const wakers = new Set<() => void>();
  const queue: FactsQueue = {
    name: 'mail-facts',
    async receive({ max, waitMs, signal }) {
      state.receiving += 1;
      state.mostReceiving = Math.max(state.mostReceiving, state.receiving);
      try {
        if (state.fault !== undefined) throw state.fault;
        const waitedMs = messages.length === 0 ? waitMs : 20;
        await new Promise<void>((resolve) => {
          const timer = clock.after(waitedMs, resolve);
          const wake = (): void => {
            timer.cancel();
            resolve();
          };
          wakers.add(wake);
          signal?.addEventListener('abort', wake);
        });
        if (signal?.aborted === true) return [];
        return messages.splice(0, max).map((body) => ({
          body,
          lease: { messageId: 'm', handle: 'h', receivedAtMs: clock.nowMs() },
        }));
      } finally {
        state.receiving -= 1;
      }
    },
    complete(leases) {
      state.acknowledged += leases.length;
      return Promise.resolve([]);
    },
  };
  const send = (...bodies: readonly string[]): void => {
    messages.push(...bodies);
    for (const wake of wakers) wake();
  };
  return { queue, state, messages, send };
}

function open() {
  const clock = manualClock();
  const facts = factsQueue(clock);
  const recorded: WorkerHeartbeat[] = [];
  const logged: string[] = [];
  const consumer = consumeHeartbeats({
    queue: facts.queue,
    reports: { record: (each) => each.sequence < 100 && recorded.push(each) > 0 },
    log: { warn: (_fields, message) => void logged.push(message) },
    clock,
    random: () => 1,
  });
  return { clock, ...facts, recorded, logged, consumer };
}

describe('consumeHeartbeats', () => {
  it('records what can be read, drops the rest, and acknowledges everything', async () => {
    const { consumer, clock, state, recorded, logged, messages } = open();
    const good = heartbeat({ busy: 2 });
    const outdated = heartbeat({ sequence: 100 });
    messages.push('{', JSON.stringify(good), '{"type":"other"}', JSON.stringify({ ...good, slots: 0 }));
    messages.push(JSON.stringify(outdated));
    const ticked = consumer.tick();
    await clock.advance(20);
    expect(await ticked).toBe(5);
    expect(recorded).toEqual([good]);
    expect(consumer.counts).toEqual({ recorded: 1, outdated: 1, dropped: 3 });
    expect(state.acknowledged).toBe(5);
    expect(logged).toEqual(['Dropped a message of the facts queue']);
  });

  it('reads with more receives under load, eight at most, and waits with one when the queue is dry', async () => {
    const { consumer, clock, state, send } = open();
    consumer.start();
    consumer.start();
    await clock.advance(60_000);
    expect(state.mostReceiving).toBe(1);
    send(...Array.from({ length: 5_000 }, (_, index) => JSON.stringify(heartbeat({ worker: `w${index}` }))));
    await clock.advance(30_000);
    expect(consumer.counts.recorded).toBe(5_000);
    expect([state.acknowledged, state.mostReceiving]).toEqual([5_000, 8]);
    await clock.advance(30_000);
    expect(state.receiving).toBe(1);
    await consumer.stop();
    expect(state.receiving).toBe(0);
    expect(clock.timers).toBe(0);
  });

  it('goes on after the queue was out of reach, and says so once a minute at most', async () => {
    const { consumer, clock, state, send, logged } = open();
    state.fault = new LongshoreError('queue_missing', 'There is no queue "mail-facts"');
    consumer.start();
    await clock.advance(59_000);
    expect(logged).toEqual(['Cannot read the facts queue: create it, or workers cannot report']);
    state.fault = undefined;
    await clock.advance(30_000);
    send(JSON.stringify(heartbeat()));
    await clock.advance(1_000);
    expect(consumer.counts.recorded).toBe(1);
    await consumer.stop();
  });

  it('may be stopped before it starts, stopped twice, and started again', async () => {
    const { consumer, clock, send } = open();
    await consumer.stop();
    consumer.start();
    await clock.advance(10);
    await Promise.all([consumer.stop(), consumer.stop()]);
    consumer.start();
    await clock.advance(10);
    send(JSON.stringify(heartbeat()));
    await clock.advance(100);
    expect(consumer.counts.recorded).toBe(1);
    await consumer.stop();
  });
});
