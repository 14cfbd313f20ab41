import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readJson } from '@longshore/objects';
import { memoryObjectStore } from '@longshore/objects/memory';
import { createProducer, listDeadLetters } from '@longshore/queue';
import { memoryQueue } from '@longshore/queue/memory';
import { createWorker, jsonLog } from '@longshore/worker';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { analyticsHandlers, recordEvent, summariseDay } from './analytics.ts';
import { sessionsOf } from './day-figures.ts';
import { openEventStore, type EventStore, type GameEvent } from './event-store.ts';

const NOON = Date.parse('2026-11-20T12:00:00Z');
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'game-analytics-'));
});
afterEach(() => rm(folder, { recursive: true }));

const event = (player: string, atMs: number, more: Partial<GameEvent> = {}): GameEvent => ({
  id: `${player}-${atMs}`,
  player,
  kind: 'level',
  atMs,
  cents: 0,
  ...more,
});

/** A worker on a store in a file, the sizes of whose batches are noted. */
function stage(store: EventStore) {
  const objects = memoryObjectStore();
  const deadLetters = memoryQueue({ name: 'events-dlq' });
  const queue = memoryQueue({ name: 'events', deadLetters });
  const batches: number[] = [];
  const noting: EventStore = {
    ...store,
    add(events) {
      batches.push(events.length);
      return store.add(events);
    },
  };
  const worker = createWorker({
    queue,
    objects,
    slots: 1_000,
    handlers: analyticsHandlers({ store: noting, nowMs: () => NOON + DAY_MS }),
    log: jsonLog({ level: 'silent' }),
  });
  return {
    objects,
    queue,
    deadLetters,
    batches,
    worker,
    producer: createProducer({ queueFor: () => queue }),
  };
}

/** Lets a worker run until its queue has nothing more. */
async function emptied({ worker, queue }: ReturnType<typeof stage>): Promise<void> {
  for (let counts = await queue.counts(); counts.backlog > 0; counts = await queue.counts())
    await worker.tick();
}

describe('Game analytics', () => {
  it('counts players, sessions, purchases and who came back, whatever comes twice or late', async () => {
    const store = openEventStore(join(folder, 'events.db'));
    const run = stage(store);
    const events = [
      // Seven days, and one day before: the cohorts.
      ...['ada', 'bob', 'cy', 'di'].map((player) => event(player, NOON - 7 * DAY_MS)),
      ...['eve', 'fay'].map((player) => event(player, NOON - DAY_MS)),
      // The day: ada twice, with more than half an hour between.
      event('ada', NOON),
      event('ada', NOON + 10 * MINUTE_MS),
      event('ada', NOON + 60 * MINUTE_MS, { kind: 'purchase', cents: 499 }),
      event('eve', NOON + MINUTE_MS),
      event('gus', NOON + 2 * MINUTE_MS),
      event('gus', NOON + 6 * MINUTE_MS, { kind: 'end' }),
    ];
    await run.producer.enqueueAll(recordEvent, [...events.toReversed(), ...events]);
    await emptied(run);
    await run.producer.enqueue(summariseDay, { day: '2026-11-20' });
    await emptied(run);
    expect(await readJson(run.objects, 'analytics/2026-11-20.json')).toEqual({
      day: '2026-11-20',
      players: 3,
      newPlayers: 1,
      sessions: 4,
      medianSessionSeconds: 240,
      purchasesCents: 499,
      retention: { day1: 0.5, day7: 0.25 },
    });
    store.close();
  });

  it('writes many events in few transactions, and keeps them', async () => {
    const path = join(folder, 'events.db');
    const store = openEventStore(path);
    const run = stage(store);
    const events = Array.from({ length: 1_000 }, (_, at) => event(`player-${at % 50}`, NOON + at));
    await run.producer.enqueueAll(recordEvent, events);
    run.worker.start();
    while ((await run.queue.counts()).backlog + (await run.queue.counts()).inFlight > 0)
      await new Promise((resolve) => setTimeout(resolve, 10));
    await run.worker.stop({ deadlineMs: 5_000 });
    expect(run.batches.reduce((sum, size) => sum + size, 0)).toBe(1_000);
    expect(run.batches.length).toBeLessThan(100);
    store.close();
    const again = openEventStore(path);
    expect(again.between(NOON, NOON + DAY_MS)).toHaveLength(1_000);
    again.close();
  });

  it('buries an event of a time to come alone', async () => {
    const store = openEventStore(':memory:');
    const run = stage(store);
    await run.producer.enqueueAll(recordEvent, [event('ada', NOON), event('bob', NOON + 9 * DAY_MS)]);
    await emptied(run);
    expect(await listDeadLetters(run.deadLetters, { limit: 5 })).toMatchObject([{ code: 'clock_wrong' }]);
    expect(store.between(0, Number.MAX_SAFE_INTEGER).map(({ player }) => player)).toEqual(['ada']);
    store.close();
  });

  it('acknowledges nothing that was not written', async () => {
    const store = openEventStore(':memory:');
    const broken: EventStore = {
      ...store,
      add: () => {
        throw new Error('disk full');
      },
    };
    const run = stage(broken);
    await run.producer.enqueueAll(recordEvent, [event('ada', NOON), event('bob', NOON)]);
    await run.worker.tick();
    const { backlog, inFlight } = await run.queue.counts();
    expect(backlog + inFlight).toBe(2);
    store.close();
  });
});

describe('Sessions', () => {
  it('are the same in whatever order events came, hold every event, and lie apart', () => {
    const someEvents = fc.uniqueArray(
      fc.record({ player: fc.constantFrom('a', 'b'), minute: fc.integer({ min: 0, max: 600 }) }),
      { selector: ({ player, minute }) => `${player}${minute}`, maxLength: 40 },
    );
    const inTwoOrders = someEvents.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    const eventsOf = (list: readonly { player: string; minute: number }[]): GameEvent[] =>
      list.map(({ player, minute }) => event(player, minute * MINUTE_MS));
    fc.assert(
      fc.property(inTwoOrders, ([list, shuffledList]) => {
        const [events, shuffled] = [eventsOf(list), eventsOf(shuffledList)];
        const found = sessionsOf(events);
        const key = (sessions: typeof found): string[] =>
          sessions.map((each) => JSON.stringify(each)).toSorted();
        expect(key(sessionsOf(shuffled))).toEqual(key(found));
        for (const { player, atMs } of events)
          expect(
            found.filter((each) => each.player === player && each.startMs <= atMs && atMs <= each.endMs),
          ).toHaveLength(1);
        for (const one of found)
          for (const other of found)
            expect(
              one === other ||
                one.player !== other.player ||
                Math.max(one.startMs - other.endMs, other.startMs - one.endMs) >= 30 * MINUTE_MS,
            ).toBe(true);
      }),
    );
  });
});
