import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { systemClock, type Clock } from '@longshore/job';
import { newSecret, verifyingKey, verifyWebhook } from '@longshore/webhooks';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Destination, SendResult } from '../destination.ts';
import { anEndpoint } from '../fixtures/describe-delivery-store.ts';
import { localhostCertificate } from '../fixtures/localhost-certificate.ts';
import { startHostileReceiver, type HostileReceiver } from '../fixtures/hostile-receiver.ts';
import { webhookDestination, type WebhookDestinationOptions } from './webhook-destination.ts';

const AT_MS = 1_800_000_000_000;
const body = '{"type":"document.available","timestamp":"2027-01-15T08:00:00.000Z","data":{}}';
const never = new AbortController().signal;
const LOOPBACK = ['127.0.0.0/8'];

let receiver: HostileReceiver;
const open = new Set<Destination>();

beforeAll(async () => {
  receiver = await startHostileReceiver();
});
afterEach(async () => {
  await Promise.all([...open].map((each) => each.close()));
  open.clear();
});
afterAll(() => receiver.stop());

function destination(options: WebhookDestinationOptions): Destination {
  const opened = webhookDestination(options);
  open.add(opened);
  return opened;
}

function post(
  to: Destination,
  target: string,
  more: Parameters<typeof anEndpoint>[1] = {},
): Promise<SendResult> {
  const endpoint = anEndpoint('a', { target, ...more });
  return to.send({ endpoint, id: 'evt-1', type: 't', atMs: AT_MS, body }, { signal: never });
}

/** A clock whose timers fire at once: the deadline comes as soon as the request is on its way. */
function impatientClock(): { readonly clock: Clock; readonly expire: () => void } {
  const pending = new Set<() => void>();
  return {
    clock: {
      nowMs: systemClock.nowMs,
      after(_, run) {
        pending.add(run);
        return { cancel: () => pending.delete(run) };
      },
    },
    expire: () => pending.forEach((run) => run()),
  };
}

describe('a webhook', () => {
  const local = (): Destination => destination({ allowPrivate: LOOPBACK, allowHttp: true });

  it('is one signed POST whose body is sent as it is', async () => {
    const secrets = [{ value: newSecret('v1a') }, { value: newSecret(), expiresAtMs: AT_MS + 1 }];
    const ended = { value: newSecret(), expiresAtMs: AT_MS };
    const result = await post(local(), receiver.url('/ok'), { secrets: [...secrets, ended] });
    expect(result).toEqual({ kind: 'delivered', status: 204 });
    const got = receiver.received.at(-1);
    expect(got?.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': 'evt-1',
      'webhook-timestamp': String(AT_MS / 1_000),
    });
    if (got === undefined) throw new Error('Nothing came');
    for (const { value } of secrets) {
      const options = { secrets: [verifyingKey(value)], nowMs: () => AT_MS };
      expect(verifyWebhook(got, options)).toEqual(JSON.parse(body));
    }
    expect(() => verifyWebhook(got, { secrets: [ended.value], nowMs: () => AT_MS })).toThrow('No signature');
  });

  it.each<[string, Partial<SendResult>]>([
    ['/500', { kind: 'failed', status: 500 }],
    ['/410', { kind: 'gone', status: 410 }],
    ['/429', { kind: 'throttled', status: 429, retryAfterMs: 120_000 }],
    ['/redirect', { kind: 'failed', status: 302, error: 'Status 302: redirects are not followed' }],
    ['/permanent', { kind: 'failed', status: 308 }],
    ['/reset', { kind: 'failed' }],
    ['/garbage', { kind: 'failed' }],
    ['/many-headers', { kind: 'failed' }],
  ])('that ends at %s is told as data', async (path, expected) => {
    expect(await post(local(), receiver.url(path))).toMatchObject(expected);
    expect(receiver.received.every((each) => each.path !== '/redirected')).toBe(true);
  });

  it('reads a date in Retry-After', async () => {
    const result = await post(local(), receiver.url('/503-date'));
    const afterMs = 'retryAfterMs' in result ? (result.retryAfterMs ?? 0) : 0;
    expect(result).toMatchObject({ kind: 'failed', status: 503 });
    expect(afterMs).toBeGreaterThan(500_000);
    expect(afterMs).toBeLessThanOrEqual(600_000);
  });

  it('is delivered by its status, however long its answer goes on', async () => {
    const to = local();
    expect(await post(to, receiver.url('/huge'))).toEqual({ kind: 'delivered', status: 200 });
    expect(await post(to, receiver.url('/slow-body'))).toEqual({ kind: 'delivered', status: 200 });
    // What fits into socket buffers, and little more.
    expect(receiver.sentBytes).toBeLessThan(64 * 1_048_576);
  });

  it('that gets no answer fails when its time is over', async () => {
    const { clock, expire } = impatientClock();
    const to = destination({ allowPrivate: LOOPBACK, allowHttp: true, clock, timeoutMs: 20_000 });
    receiver.answer('/hang-then-expire', expire);
    expect(await post(to, receiver.url('/hang-then-expire'))).toEqual({
      kind: 'failed',
      error: 'No answer within 20000 ms',
    });
  });

  it('stops when its sender must', async () => {
    const stopping = new AbortController();
    receiver.answer('/hang-then-stop', () => stopping.abort(new Error('Draining')));
    const sending = local().send(
      {
        endpoint: anEndpoint('a', { target: receiver.url('/hang-then-stop') }),
        id: 'e',
        type: 't',
        atMs: 0,
        body,
      },
      { signal: stopping.signal },
    );
    await expect(sending).rejects.toThrow('Draining');
  });

  it('goes over TLS to a host whose certificate fits, by name', async () => {
    const { certificate, key } = localhostCertificate();
    const server = createTlsServer({ cert: certificate, key }, (_, response) =>
      response.writeHead(200).end(),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const resolve = async (): Promise<{ address: string; family: number }[]> => [
      { address: '127.0.0.1', family: 4 },
    ];
    const trusting = destination({ allowPrivate: LOOPBACK, resolve, ca: certificate });
    expect(await post(trusting, `https://localhost:${port}/`)).toEqual({ kind: 'delivered', status: 200 });
    expect(await post(trusting, `https://other.example:${port}/`)).toMatchObject({ kind: 'failed' });
    const suspicious = destination({ allowPrivate: LOOPBACK, resolve });
    expect(await post(suspicious, `https://localhost:${port}/`)).toMatchObject({ kind: 'failed' });
    server.closeAllConnections();
    server.close();
  });
});

describe('the guard', () => {
  let inside: Server;
  let port: number;
  let visits = 0;
  beforeAll(async () => {
    inside = createServer((_, response) => {
      visits += 1;
      response.writeHead(200).end();
    });
    inside.listen(0, '0.0.0.0');
    await once(inside, 'listening');
    port = (inside.address() as AddressInfo).port;
  });
  afterAll(() => {
    inside.close();
  });

  it('lets none of twelve spellings of loopback through, at registration and at sending', async () => {
    const spellings = [
      '127.0.0.1',
      '2130706433',
      '0x7f000001',
      '0177.0.0.1',
      '127.1',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '0.0.0.0',
      '①②⑦.⓪.⓪.①',
      'localhost',
      '127.0.0.1.',
    ];
    const to = destination({ allowHttp: true });
    for (const host of spellings) {
      const target = `http://${host}:${port}/`;
      await expect(to.check(target), host).rejects.toMatchObject({ name: 'LongshoreError' });
      const result = await post(to, target);
      expect(result, host).toMatchObject({
        kind: 'failed',
        error: expect.stringMatching(/not a public/) as string,
      });
    }
  });

  it('looks at every address of a name', async () => {
    const resolve = async (): Promise<{ address: string; family: number }[]> => [
      { address: '93.184.215.14', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];
    const to = destination({ allowHttp: true, resolve });
    await expect(to.check(`http://both.example:${port}/`)).rejects.toMatchObject({
      code: 'address_forbidden',
    });
    expect(await post(to, `http://both.example:${port}/`)).toMatchObject({ kind: 'failed' });
  });

  it('is not fooled by a name that answers otherwise the second time', async () => {
    let looks = 0;
    // Public when it is registered, private when it is sent to.
    const resolve = async (): Promise<{ address: string; family: number }[]> => {
      looks += 1;
      return [{ address: looks === 1 ? '93.184.215.14' : '127.0.0.1', family: 4 }];
    };
    const to = destination({ allowHttp: true, resolve });
    await to.check(`http://rebinding.example:${port}/`);
    expect(await post(to, `http://rebinding.example:${port}/`)).toMatchObject({
      kind: 'failed',
      error: expect.stringContaining('address_forbidden') as string,
    });
    expect(looks).toBe(2);
  });

  it('refuses a name without an address, and one that cannot be resolved', async () => {
    const to = destination({ resolve: async () => [] });
    await expect(to.check('https://nowhere.example/')).rejects.toThrow('it has no address');
    const failing = destination({
      resolve: () => Promise.reject(new Error('getaddrinfo ENOTFOUND nowhere.example')),
    });
    await expect(failing.check('https://nowhere.example/')).rejects.toMatchObject({
      code: 'invalid_options',
    });
    expect(await post(failing, 'https://nowhere.example/')).toMatchObject({ kind: 'failed' });
  });

  it('has let nothing of all this arrive', () => {
    expect(visits).toBe(0);
  });
});

describe('a connection', () => {
  it('goes to the address that was looked at, and no other', async () => {
    let looks = 0;
    // A second look would lead elsewhere: nobody listens there.
    const resolve = async (): Promise<{ address: string; family: number }[]> => {
      looks += 1;
      return [{ address: looks === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }];
    };
    const to = destination({ allowPrivate: LOOPBACK, allowHttp: true, resolve });
    const result = await post(to, `http://pinned.example:${receiver.port}/ok`);
    expect(result).toEqual({ kind: 'delivered', status: 204 });
    expect(receiver.received.at(-1)?.headers.host).toBe(`pinned.example:${receiver.port}`);
    expect(looks).toBe(1);
  });
});
