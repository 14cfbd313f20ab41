import { jsonLog } from '@longshore/worker';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RETRY_SCHEDULE_MS } from './decide.ts';
import { createDelivery, type Delivery } from './delivery.ts';
import type { SendResult } from './destination.ts';
import { anEndpoint, anEvent } from './fixtures/describe-delivery-store.ts';
import { manualClock, type ManualClock } from './fixtures/manual-clock.ts';
import { scriptedDestination, type ScriptedDestination } from './fixtures/scripted-destination.ts';
import { linkMint } from './links/link-token.ts';
import { sqliteDeliveryStore } from './sqlite/index.ts';
import type { DeliveryStore } from './store/delivery-store.ts';

const links = linkMint({ key: 'k'.repeat(32), publicUrl: new URL('https://files.example.com/') });
const DAY_MS = 86_400_000;
const failed: SendResult = { kind: 'failed', status: 500, error: 'Status 500' };

let store: DeliveryStore;
let clock: ManualClock;
let receiver: ScriptedDestination;
let delivery: Delivery;
let logged: { readonly level: string; readonly msg: string }[];

beforeEach(async () => {
  store = await sqliteDeliveryStore({ path: ':memory:' });
  clock = manualClock();
  receiver = scriptedDestination();
  logged = [];
  const log = jsonLog({ write: (line) => logged.push(JSON.parse(line) as { level: string; msg: string }) });
  // In the middle: nothing is spread.
  delivery = createDelivery({ store, destinations: [receiver], links, log, clock, random: () => 0.5 });
});
afterEach(() => store.close());

async function emit(id: string, more: Parameters<typeof anEvent>[1] = {}): Promise<void> {
  await store.schedule.emit(anEvent(id, { atMs: clock.nowMs(), ...more }));
}

describe('the schedule', () => {
  it('is kept by the sweeper, from the first try to the tenth, with the same id and body', async () => {
    await store.endpoints.add(anEndpoint('a'));
    receiver.answer(() => failed);
    await emit('e');
    const startMs = clock.nowMs();
    const triedAtMs: number[] = [];
    receiver.answer(({ atMs }) => {
      triedAtMs.push(atMs - startMs);
      return failed;
    });
    for (const delayMs of RETRY_SCHEDULE_MS) {
      // A try in between finds nothing due.
      await delivery.sweeper.tick();
      if (delayMs > 1) await clock.advance(delayMs - 1);
      await delivery.sweeper.tick();
      await clock.advance(1);
    }
    for (let hour = 0; hour < 30; hour += 1) {
      await delivery.sweeper.tick();
      await clock.advance(3_600_000);
    }
    let sum = 0;
    const expected = RETRY_SCHEDULE_MS.map((delayMs) => (sum += delayMs));
    // The breaker, the clock and the looks of this test add some; a try is never early.
    expect(triedAtMs).toHaveLength(10);
    for (const [index, atMs] of triedAtMs.entries())
      expect(atMs).toBeGreaterThanOrEqual(expected[index] ?? 0);
    expect(new Set(receiver.sent.map(({ id, body }) => `${id} ${body}`)).size).toBe(1);
    expect(
      (await store.schedule.attempts({ eventId: 'e', limit: 20 })).map(({ attempt }) => attempt),
    ).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  it('goes on after a receiver has come back, and the breaker closes', async () => {
    await store.endpoints.add(anEndpoint('a'));
    receiver.answer(() => failed);
    for (let index = 0; index < 20; index += 1) await emit(`e${index}`);
    await delivery.sweeper.tick();
    // Five failures in a row, then the breaker keeps the other fifteen from trying at all.
    const tried = receiver.sent.length;
    expect(tried).toBeGreaterThanOrEqual(5);
    expect(tried).toBeLessThanOrEqual(6);
    expect(await delivery.sweeper.tick()).toBe(0);
    await clock.advance(60_000);
    receiver.answer(() => ({ kind: 'delivered', status: 200 }));
    await delivery.sweeper.tick();
    await clock.advance(300_000);
    await delivery.sweeper.tick();
    const attempts = await store.schedule.attempts({ endpointId: 'a', limit: 100 });
    expect(
      new Set(attempts.filter(({ outcome }) => outcome === 'delivered').map(({ eventId }) => eventId)).size,
    ).toBe(20);
    // What had to wait for the breaker was delivered at its first attempt.
    const first = attempts.filter(({ outcome, attempt }) => outcome === 'delivered' && attempt === 1);
    expect(first.length).toBe(20 - tried);
    expect(await store.endpoints.get('a')).toMatchObject({ failures: 0, openUntilMs: 0 });
  });

  it('waits for a receiver that asks for it', async () => {
    await store.endpoints.add(anEndpoint('a'));
    receiver.answer(() => ({ kind: 'throttled', status: 429, error: '', retryAfterMs: 1_000_000 }));
    await emit('e1');
    await delivery.sweeper.tick();
    await emit('e2');
    await clock.advance(999_999);
    expect(await delivery.sweeper.tick()).toBe(0);
    receiver.answer(() => ({ kind: 'delivered' }));
    await clock.advance(1);
    expect(await delivery.sweeper.tick()).toBe(2);
  });

  it('disables an endpoint that is gone, tells the others, and sends it nothing more', async () => {
    await store.endpoints.add(anEndpoint('gone'));
    await store.endpoints.add(anEndpoint('other'));
    receiver.answer(({ endpoint }) =>
      endpoint.id === 'gone' ? { kind: 'gone', status: 410 } : { kind: 'delivered' },
    );
    await emit('e1');
    await emit('e2');
    await delivery.sweeper.tick();
    await delivery.sweeper.tick();
    expect(await store.endpoints.get('gone')).toMatchObject({
      state: 'disabled',
      disabledReason: 'The receiver answered 410: it is gone',
    });
    expect(receiver.sent.filter(({ endpoint }) => endpoint.id === 'gone').length).toBeLessThanOrEqual(2);
    const notice = receiver.sent.find(({ type }) => type === 'endpoint.disabled');
    expect(notice?.endpoint.id).toBe('other');
    expect(JSON.parse(notice?.body ?? '{}')).toMatchObject({ data: { endpointId: 'gone' } });
    expect(logged).toContainEqual(
      expect.objectContaining({ level: 'error', msg: 'An endpoint was disabled' }),
    );
  });

  it('disables an endpoint after five days of failures, and an operator brings it back', async () => {
    await store.endpoints.add(anEndpoint('a'));
    receiver.answer(() => failed);
    for (let day = 0; day < 6; day += 1) {
      await emit(`e${day}`);
      await delivery.sweeper.tick();
      expect((await store.endpoints.get('a'))?.state).toBe(day < 5 ? 'enabled' : 'disabled');
      await clock.advance(DAY_MS);
    }
    receiver.answer(() => ({ kind: 'delivered' }));
    await delivery.desk.enable('a');
    // The notice that it was disabled is among them.
    expect(await delivery.desk.replay('a', { fromMs: 0, toMs: clock.nowMs() })).toBe(7);
    expect(await delivery.sweeper.tick()).toBe(7);
  });
});

describe('a hanging endpoint', () => {
  it('has two tries under way and no more, and holds up nobody', async () => {
    await store.endpoints.add(anEndpoint('hanging'));
    await store.endpoints.add(anEndpoint('healthy'));
    const hang = Promise.withResolvers<SendResult>();
    receiver.answer(({ endpoint }) => (endpoint.id === 'hanging' ? hang.promise : { kind: 'delivered' }));
    for (let index = 0; index < 50; index += 1) await emit(`e${index}`);
    delivery.sweeper.start();
    const delivered = async (): Promise<number> =>
      (await store.schedule.attempts({ endpointId: 'healthy', limit: 100 })).length;
    while ((await delivered()) < 50) await clock.advance(10);
    expect(receiver.sent.filter(({ endpoint }) => endpoint.id === 'hanging')).toHaveLength(2);
    expect(receiver.mostAtOnce).toBe(2);
    hang.resolve(failed);
    const stopped = delivery.sweeper.stop();
    await clock.advance(10);
    await stopped;
  });

  it('is interrupted when the process must stop, and its events come again', async () => {
    await store.endpoints.add(anEndpoint('a'));
    const begun = Promise.withResolvers<void>();
    receiver.answer(async (_, signal) => {
      begun.resolve();
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve, { once: true });
      });
      signal.throwIfAborted();
      return failed;
    });
    await emit('e');
    delivery.sweeper.start();
    await begun.promise;
    const stopped = delivery.sweeper.stop({ deadlineMs: 100 });
    await clock.advance(100);
    await stopped;
    expect(await store.schedule.attempts({ endpointId: 'a', limit: 9 })).toEqual([]);
    const claim = { endpointId: 'a', nowMs: clock.nowMs(), leaseMs: 1, cap: 2 };
    expect(await store.schedule.claim(claim)).toMatchObject({ attempt: 1 });
  });
});

describe('the sweeper', () => {
  it('goes on when the store does not answer for a while', async () => {
    await store.endpoints.add(anEndpoint('a'));
    await emit('e');
    const { dueEndpoints } = store.schedule;
    let looks = 0;
    Object.assign(store.schedule, {
      dueEndpoints: (query: Parameters<typeof dueEndpoints>[0]) => {
        looks += 1;
        return looks === 1 ? Promise.reject(new Error('The database is away')) : dueEndpoints(query);
      },
    });
    delivery.sweeper.start();
    while (receiver.sent.length === 0) await clock.advance(100);
    expect(looks).toBeGreaterThan(1);
    const stopped = delivery.sweeper.stop();
    await clock.advance(1);
    await stopped;
  });

  it('may be stopped before it started, and more than once', async () => {
    await delivery.sweeper.stop();
    await delivery.sweeper.stop();
    delivery.sweeper.start();
    expect(clock.pending()).toBe(0);
  });

  it('sends an event of a destination that this process has not by its schedule', async () => {
    await store.endpoints.add(anEndpoint('a', { kind: 'pigeon' }));
    await emit('e');
    await delivery.sweeper.tick();
    expect(await store.schedule.attempts({ endpointId: 'a', limit: 1 })).toMatchObject([
      { outcome: 'failed', error: 'This process has no destination "pigeon"' },
    ]);
  });
});
