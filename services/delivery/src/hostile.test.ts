/** Ten thousand deliveries by three replicas over one PostgreSQL, among receivers that behave badly in every way. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { systemClock, type Clock } from '@longshore/job';
import type { Resolver } from '@longshore/webhooks';
import { jsonLog } from '@longshore/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDelivery } from './delivery.ts';
import { anEndpoint, anEvent } from './fixtures/describe-delivery-store.ts';
import { startHostileReceiver, type HostileReceiver } from './fixtures/hostile-receiver.ts';
import { startPostgres, type PostgresServer } from './fixtures/postgres-server.ts';
import { linkMint, webhookDestination } from './index.ts';
import { postgresDeliveryStore } from './postgres/index.ts';

const EVENTS = 200;
const ENDPOINTS = 50;
const REPLICAS = 3;
/** These never accept anything; all others do in the end. */
const LOST = ['/hang', '/redirect', '/500', '/reset'];
/** Everything is due by then. */
const FAR_MS = 8e15;
const FORBIDDEN = ['rebinding.example', 'metadata.example'];

let server: PostgresServer;
let receiver: HostileReceiver;
beforeAll(async () => {
  [server, receiver] = await Promise.all([startPostgres(), startHostileReceiver()]);
});
afterAll(async () => {
  await receiver.stop();
  await server.stop();
});

/** Real time that a test may skip: what waits for hours is due at once. */
function skippingClock(): Clock & { skip(ms: number): void } {
  let skippedMs = 0;
  return {
    nowMs: () => systemClock.nowMs() + skippedMs,
    after: systemClock.after,
    skip(ms) {
      skippedMs += ms;
    },
  };
}

it(
  '10,000 deliveries come at least once each, and none to a forbidden address',
  { timeout: 180_000 },
  async () => {
    const inside = createServer((_, response) => void response.end());
    let visits = 0;
    inside.on('connection', () => (visits += 1));
    inside.listen(0, '127.0.0.2');
    await once(inside, 'listening');
    const { port: insidePort } = inside.address() as AddressInfo;
    // The receiver's own address is listed as an exception; the one beside it is not.
    const resolve: Resolver = async (hostname) =>
      FORBIDDEN.includes(hostname)
        ? [
            { address: '127.0.0.1', family: 4 },
            { address: '127.0.0.2', family: 4 },
          ]
        : [{ address: '127.0.0.1', family: 4 }];
    const clock = skippingClock();
    const replicas = await Promise.all(
      Array.from({ length: REPLICAS }, async () => {
        const store = await postgresDeliveryStore({ pool: { connectionString: server.url(), max: 8 } });
        const webhooks = webhookDestination({
          allowPrivate: ['127.0.0.1/32'],
          allowHttp: true,
          resolve,
          timeoutMs: 300,
        });
        const links = linkMint({ key: 'k'.repeat(32), publicUrl: new URL('https://files.example.com') });
        const log = jsonLog({ level: 'silent' });
        return { store, webhooks, ...createDelivery({ store, destinations: [webhooks], links, log, clock }) };
      }),
    );
    const [first] = replicas;
    if (first === undefined) throw new Error('There is no replica');

    const good: { readonly id: string; readonly path: string }[] = [];
    let underWay = 0;
    let mostUnderWay = 0;
    receiver.answer('/hang', (response) => {
      underWay += 1;
      mostUnderWay = Math.max(mostUnderWay, underWay);
      response.once('close', () => (underWay -= 1));
    });
    for (let index = 0; index < ENDPOINTS; index += 1) {
      const path = LOST[index] ?? (index === 4 ? '/huge' : `/good-${index}`);
      const host = FORBIDDEN[index - 6];
      const target = host === undefined ? receiver.url(path) : `http://${host}:${insidePort}/`;
      await first.store.endpoints.add(anEndpoint(`e${index}`, { target }));
      if (host === undefined && !LOST.includes(path)) good.push({ id: `e${index}`, path });
      // A fifth of the answers of ten of them are failures of all kinds.
      const faults = [500, 503, 429, 502, 404];
      let requests = 0;
      if (path.startsWith('/good') && index % 5 === 0)
        receiver.answer(path, (response) => {
          requests += 1;
          if (requests % 5 !== 0) return void response.writeHead(200).end();
          const status = faults[(requests / 5) % faults.length] ?? 0;
          if (status === 404) return void response.socket?.resetAndDestroy();
          response.writeHead(status, status === 429 ? { 'retry-after': '30' } : {}).end();
        });
    }
    for (let index = 0; index < EVENTS; index += 1)
      await first.store.schedule.emit(anEvent(`evt-${index}`, { atMs: Math.floor(clock.nowMs()) }));

    const goodIds = new Set(good.map(({ id }) => id));
    const isDone = async (): Promise<boolean> => {
      const open = await first.store.schedule.dueEndpoints({ nowMs: FAR_MS, limit: 1_000 });
      return !open.some((id) => goodIds.has(id));
    };
    for (let round = 0; round < 200 && !(await isDone()); round += 1) {
      const tries = await Promise.all(replicas.map(({ sweeper }) => sweeper.tick()));
      if (tries.every((count) => count === 0)) clock.skip(30_000);
    }
    expect(await isDone()).toBe(true);
    for (const { path } of good) {
      const ids = receiver.received
        .filter((each) => each.path === path)
        .map(({ headers }) => headers['webhook-id']);
      expect(new Set(ids).size, path).toBe(EVENTS);
    }
    expect(visits).toBe(0);
    // Cap and breaker are shared by the replicas.
    expect(mostUnderWay).toBeLessThanOrEqual(2);
    const sent = receiver.received.filter(({ path }) => path.startsWith('/good')).length;
    const wanted = good.filter(({ path }) => path.startsWith('/good')).length * EVENTS;
    // Only what failed was sent again: replicas never send the same thing.
    const failures = (await first.store.schedule.attempts({ limit: 100_000 })).filter(
      ({ outcome, endpointId }) => outcome !== 'delivered' && goodIds.has(endpointId),
    );
    expect(sent).toBeGreaterThanOrEqual(wanted);
    expect(sent).toBeLessThanOrEqual(wanted + failures.length);
    expect((await first.store.schedule.attempts({ endpointId: 'e6', limit: 1 }))[0]?.error).toContain(
      'address_forbidden',
    );
    await Promise.all(replicas.map(({ webhooks }) => webhooks.close()));
    await Promise.all(replicas.map(({ store }) => store.close()));
    inside.close();
  },
);
