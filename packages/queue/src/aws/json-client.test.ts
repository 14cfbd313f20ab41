import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { systemClock } from '@longshore/job';
import { describe, expect, it } from 'vitest';
import { endpointAt } from './endpoint.ts';
import { awsFault, json, scriptedServer, type Answer } from './fixtures/scripted-server.ts';
import { jsonClient, type JsonClient } from './json-client.ts';

const KEYS = { accessKeyId: 'a', secretAccessKey: 's' };
const LIMITS = { timeoutMs: 5_000 };

function client(url: string, more: Partial<Parameters<typeof jsonClient>[0]> = {}): JsonClient & Disposable {
  const made = jsonClient({
    endpoint: endpointAt(url),
    region: 'eu-west-1',
    service: 'sqs',
    targetPrefix: 'AmazonSQS',
    credentials: () => Promise.resolve(KEYS),
    // No waiting between tries.
    random: () => 0,
    ...more,
  });
  return Object.assign(made, { [Symbol.dispose]: () => made.close() });
}

const hangUp: Answer = (_response, _request, socket) => socket.destroy();
const cutShort: Answer = (response, _request, socket) => {
  response.writeHead(200, { 'content-length': '100' }).write('{"Messages":[');
  setImmediate(() => socket.destroy());
};

describe('jsonClient', () => {
  it('sends the action, the input and nothing twice, on one connection', async () => {
    await using server = await scriptedServer(json(200, { QueueUrl: 'é' }));
    using aws = client(server.url);
    expect(await aws.call('GetQueueUrl', { QueueName: 'q' }, LIMITS)).toEqual({ QueueUrl: 'é' });
    await aws.call('GetQueueUrl', { QueueName: 'é' }, LIMITS);
    expect(server.requests.map(({ connection }) => connection)).toEqual([1, 1]);
    const [first, second] = server.requests;
    expect(first?.headers).toMatchObject({
      'x-amz-target': 'AmazonSQS.GetQueueUrl',
      'content-type': 'application/x-amz-json-1.0',
      host: `127.0.0.1:${server.port}`,
    });
    expect(second?.body.toString()).toBe('{"QueueName":"é"}');
  });

  it('raises a refusal with its AWS code, and does not try it again', async () => {
    await using server = await scriptedServer(awsFault(400, 'QueueDoesNotExist'));
    using aws = client(server.url);
    await expect(aws.call('GetQueueUrl', {}, LIMITS)).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
      message: 'because',
      status: 400,
    });
    expect(server.requests).toHaveLength(1);
  });

  it.each<[string, Answer]>([
    ['a throttled call', awsFault(400, 'ThrottlingException')],
    ['status 429', json(429, {})],
    ['a fault of the server', awsFault(500, 'InternalError')],
    ['a page of a load balancer', (response) => void response.writeHead(503).end('<html>busy</html>')],
    ['a lost reply', hangUp],
    ['a truncated reply', cutShort],
    ['a reply that is no JSON', (response) => void response.writeHead(200).end('{"Messa')],
  ])('tries %s again, at most three times in all', async (_what, fault) => {
    await using server = await scriptedServer(fault, fault, json(200, { ok: 1 }));
    using aws = client(server.url);
    expect(await aws.call('A', {}, LIMITS)).toEqual({ ok: 1 });
    expect(server.requests).toHaveLength(3);
    await using broken = await scriptedServer(fault);
    using other = client(broken.url);
    await expect(other.call('A', {}, LIMITS)).rejects.toBeInstanceOf(Error);
    expect(broken.requests).toHaveLength(3);
  });

  it('stops trying again when most calls fail, so that it adds no load to a service that is down', async () => {
    await using server = await scriptedServer(awsFault(503, 'ServiceUnavailable'));
    using aws = client(server.url);
    for (let call = 0; call < 200; call += 1) await aws.call('A', {}, LIMITS).catch(() => undefined);
    // 500 tokens at 5 a retry: 100 retries for the 200 calls, not 400.
    expect(server.requests).toHaveLength(300);
  });

  it('asks again at once on a new connection when the server had closed the idle one', async () => {
    await using server = await scriptedServer(
      (response, _request, socket) => {
        response.end('{}');
        setImmediate(() => socket.destroy());
      },
      json(200, { ok: 1 }),
    );
    using aws = client(server.url);
    await aws.call('A', {}, LIMITS);
    expect(await aws.call('A', {}, LIMITS)).toEqual({ ok: 1 });
  });

  it('ends a call on a socket that never answers at its deadline, and goes on with another one', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => {
      sockets.push(socket);
      if (sockets.length < 2) return;
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'));
    });
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    using aws = client(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    expect(await aws.call('A', {}, { timeoutMs: 50 })).toEqual({});
    expect(sockets).toHaveLength(2);
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it('gives up one call when its signal aborts, and leaves others alone', async () => {
    const held: (() => void)[] = [];
    await using server = await scriptedServer((response) => held.push(() => response.end('{"ok":1}')));
    using aws = client(server.url);
    const controller = new AbortController();
    const given = aws.call('Receive', {}, { ...LIMITS, signal: controller.signal });
    const other = aws.call('Delete', {}, LIMITS);
    while (held.length < 2) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    await expect(given).rejects.toThrow(/given up/);
    for (const answer of held) answer();
    expect(await other).toEqual({ ok: 1 });
    expect(server.requests).toHaveLength(2);
  });

  it('corrects for a clock that is off, by the date of the refusal', async () => {
    const serverMs = Date.now() + 3_600_000;
    const skewed = awsFault(403, 'RequestTimeTooSkewed', { date: new Date(serverMs).toUTCString() });
    await using server = await scriptedServer(skewed, json(200, {}));
    using aws = client(server.url);
    await aws.call('A', {}, LIMITS);
    await aws.call('A', {}, LIMITS);
    const sentMs = server.requests.map(({ headers }) =>
      Date.parse(
        String(headers['x-amz-date']).replace(
          /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/,
          '$1-$2-$3T$4:$5:$6Z',
        ),
      ),
    );
    expect(sentMs.map((atMs) => Math.round((serverMs - atMs) / 60_000))).toEqual([60, 0, 0]);
  });

  it('does not take a wrong secret for a wrong clock', async () => {
    await using server = await scriptedServer(awsFault(403, 'SignatureDoesNotMatch'));
    using aws = client(server.url);
    await expect(aws.call('A', {}, LIMITS)).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
    expect(server.requests).toHaveLength(1);
  });

  it('fetches new credentials when the service says that they have ended', async () => {
    await using server = await scriptedServer(awsFault(403, 'ExpiredToken'), json(200, {}));
    let fetched = 0;
    const credentials = () => {
      fetched += 1;
      return Promise.resolve({ ...KEYS, sessionToken: `t${fetched}` });
    };
    using aws = client(server.url, { credentials });
    await aws.call('A', {}, LIMITS);
    expect(server.requests.map(({ headers }) => headers['x-amz-security-token'])).toEqual(['t1', 't2']);
  });

  it('says what to do when there are no credentials, and asks again at the next call', async () => {
    await using server = await scriptedServer(json(200, { ok: 1 }));
    let down = true;
    const credentials = () =>
      down ? Promise.reject(new Error('endpoint answered 500')) : Promise.resolve(KEYS);
    using aws = client(server.url, { credentials });
    await expect(aws.call('A', {}, LIMITS)).rejects.toMatchObject({
      code: 'credentials_unavailable',
      retryable: true,
      message: expect.stringContaining('endpoint answered 500') as string,
    });
    down = false;
    expect(await aws.call('A', {}, LIMITS)).toEqual({ ok: 1 });
  });

  it('renews credentials in good time, in the background, and goes on with the old ones while that fails', async () => {
    await using server = await scriptedServer(json(200, {}));
    let nowMs = systemClock.nowMs();
    const clock = { ...systemClock, nowMs: () => nowMs };
    let fetched = 0;
    const credentials = () => {
      fetched += 1;
      if (fetched === 2) return Promise.reject(new Error('down'));
      return Promise.resolve({
        ...KEYS,
        sessionToken: `t${fetched}`,
        expiration: new Date(nowMs + 3_600_000),
      });
    };
    using aws = client(server.url, { credentials, clock });
    const call = async (): Promise<void> => {
      await aws.call('A', {}, LIMITS);
      await new Promise((resolve) => setImmediate(resolve));
    };
    await call();
    nowMs += 3_600_000 - 4 * 60_000;
    await call();
    await call();
    nowMs += 11_000;
    await call();
    await call();
    expect(server.requests.map(({ headers }) => headers['x-amz-security-token'])).toEqual([
      't1',
      't1',
      't1',
      't1',
      't3',
    ]);
  });

  it('says which name cannot be found', async () => {
    using aws = client('http://sqs.nowhere.invalid:9324');
    await expect(aws.call('A', {}, LIMITS)).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/);
  });

  it('raises what a closed client is asked', async () => {
    await using server = await scriptedServer(json(200, {}));
    const aws = client(server.url);
    aws.close();
    await expect(aws.call('A', {}, LIMITS)).rejects.toThrow(/closed/);
  });
});
