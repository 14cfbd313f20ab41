import { jsonLog } from '@longshore/worker';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDelivery, type Delivery } from './delivery.ts';
import type { Destination } from './destination.ts';
import { anEvent } from './fixtures/describe-delivery-store.ts';
import { startHostileReceiver, type HostileReceiver } from './fixtures/hostile-receiver.ts';
import { manualClock, type ManualClock } from './fixtures/manual-clock.ts';
import { newSecret, verifyingKey, verifyWebhook, webhookDestination } from './index.ts';
import { linkMint } from './links/link-token.ts';
import { sqliteDeliveryStore } from './sqlite/index.ts';
import type { DeliveryStore } from './store/delivery-store.ts';

const links = linkMint({ key: 'k'.repeat(32), publicUrl: new URL('https://files.example.com/') });

let receiver: HostileReceiver;
let store: DeliveryStore;
let clock: ManualClock;
let webhooks: Destination;
let delivery: Delivery;

beforeEach(async () => {
  receiver = await startHostileReceiver();
  store = await sqliteDeliveryStore({ path: ':memory:' });
  clock = manualClock();
  webhooks = webhookDestination({ allowPrivate: ['127.0.0.0/8'], allowHttp: true });
  const log = jsonLog({ level: 'silent' });
  delivery = createDelivery({ store, destinations: [webhooks], links, log, clock });
});
afterEach(async () => {
  await webhooks.close();
  await store.close();
  await receiver.stop();
});

describe('the desk', () => {
  it('adds an endpoint with a secret of its own, and pings it alone, whatever it wants', async () => {
    const { desk, sweeper } = delivery;
    const added = await desk.add({ target: receiver.url('/ok'), eventTypes: ['document.available'] });
    await desk.add({ target: receiver.url('/other') });
    const id = await desk.ping(added.endpoint.id);
    await sweeper.tick();
    expect(receiver.received.map(({ path }) => path)).toEqual(['/ok']);
    const [got] = receiver.received;
    if (got === undefined) throw new Error('Nothing came');
    expect(got.headers['webhook-id']).toBe(id);
    expect(verifyWebhook(got, { secrets: [added.verifyWith ?? ''], nowMs: clock.nowMs })).toMatchObject({
      type: 'endpoint.test',
      data: { endpointId: added.endpoint.id },
    });
  });

  it('refuses what could not be sent to, before it is stored', async () => {
    const { desk } = delivery;
    const strict = webhookDestination();
    const guarded = createDelivery({
      store,
      destinations: [strict],
      links,
      log: jsonLog({ level: 'silent' }),
      clock,
    }).desk;
    for (const wrong of [
      { target: 'https://127.0.0.1/' },
      { target: 'https://[fd00:ec2::254]/' },
      { target: 'http://example.com/' },
      { target: 'hook' },
      { target: 'https://93.184.215.14/', tenant: '../other' },
      { target: 'https://93.184.215.14/', secret: 'short' },
      { target: 'https://93.184.215.14/', secret: verifyingKey(newSecret('v1a')) },
      { target: 'https://93.184.215.14/', kind: 'pigeon' },
    ])
      await expect(guarded.add(wrong), JSON.stringify(wrong)).rejects.toMatchObject({
        code: 'invalid_options',
      });
    await expect(guarded.add({ target: 'https://localhost/' })).rejects.toMatchObject({
      code: 'address_forbidden',
    });
    const { endpoint } = await guarded.add({ target: 'https://93.184.215.14/' });
    await expect(guarded.change(endpoint.id, { target: 'https://10.0.0.1/' })).rejects.toThrow(
      'not a public',
    );
    expect(await store.endpoints.list()).toEqual([endpoint]);
    for (const act of [desk.enable, desk.ping, desk.rotate, (id: string) => desk.disable(id, 'x')])
      await expect(act('nobody')).rejects.toThrow('There is no endpoint "nobody"');
    await strict.close();
  });

  it('rotates a secret without a gap: both sign for a day, then the new one alone', async () => {
    const { desk, sweeper } = delivery;
    const first = await desk.add({ target: receiver.url('/ok'), secret: newSecret('v1a') });
    const second = await desk.rotate(first.endpoint.id);
    expect(second.verifyWith).toMatch(/^whpk_/);
    const verifiedBy = async (): Promise<readonly boolean[]> => {
      await desk.ping(first.endpoint.id);
      await sweeper.tick();
      const got = receiver.received.at(-1);
      return [first, second].map(({ verifyWith = '' }) => {
        try {
          return (
            got !== undefined &&
            verifyWebhook(got, { secrets: [verifyWith], nowMs: clock.nowMs }) !== undefined
          );
        } catch {
          return false;
        }
      });
    };
    expect(await verifiedBy()).toEqual([true, true]);
    await clock.advance(86_399_000);
    expect(await verifiedBy()).toEqual([true, true]);
    await clock.advance(1_000);
    expect(await verifiedBy()).toEqual([false, true]);
    await desk.rotate(first.endpoint.id, { overlapMs: 0 });
    expect(await verifiedBy()).toEqual([false, false]);
  });

  it('changes what an endpoint wants, disables it and enables it', async () => {
    const { desk, sweeper } = delivery;
    const { endpoint } = await desk.add({ target: receiver.url('/ok'), tenant: 't' });
    await desk.change(endpoint.id, { eventTypes: ['x'], target: receiver.url('/new') });
    await store.schedule.emit(anEvent('e1', { type: 'y', atMs: clock.nowMs() }));
    await store.schedule.emit(anEvent('e2', { type: 'x', atMs: clock.nowMs() }));
    await desk.disable(endpoint.id, 'moving');
    await expect(desk.ping(endpoint.id)).rejects.toThrow('disabled');
    await expect(desk.replay(endpoint.id, { id: 'e2' })).rejects.toThrow('disabled');
    await sweeper.tick();
    expect(receiver.received).toEqual([]);
    await desk.enable(endpoint.id);
    expect(await desk.replay(endpoint.id, { fromMs: 0, toMs: clock.nowMs() + 1 })).toBe(1);
    await sweeper.tick();
    expect(receiver.received.map(({ path, headers }) => [path, headers['webhook-id']])).toEqual([
      ['/new', 'e2'],
    ]);
  });
});
