import type { IncomingHttpHeaders } from 'node:http';
import { newSecret, verifyingKey, verifyWebhook, type Resolver } from '@longshore/webhooks';
import { describe, expect, test } from 'vitest';
import type { Row } from '../dashboard-sink.ts';
import { describeDashboardSink } from '../fixtures/describe-dashboard-sink.ts';
import { conformanceDataset, measured } from '../fixtures/stage.ts';
import { startFaultyServer, type FaultyServer } from '../fixtures/faulty-server.ts';
import { webhookSink, type DashboardWebhook, type WebhookSinkOptions } from './webhook-sink.ts';

const LOOPBACK = { allowPrivate: ['127.0.0.0/8'], allowHttp: true };
const dataset = conformanceDataset('longshore.queues');

interface Receiver extends FaultyServer {
  readonly received: readonly { readonly headers: IncomingHttpHeaders; readonly body: string }[];
}

async function startReceiver(): Promise<Receiver> {
  const received: { headers: IncomingHttpHeaders; body: string }[] = [];
  const server = await startFaultyServer(({ headers }, body) => {
    received.push({ headers, body });
    return { status: 204 };
  });
  return { ...server, received };
}

/** A receiver as the documentation tells people to write one: verify, then do what the mode says. */
function dashboardOf({ received }: Receiver, secret: string): Map<string, Map<string, Row>> {
  const shown = new Map<string, Map<string, Row>>();
  for (const each of received) {
    const {
      dataset: id,
      mode,
      definition,
      rows,
    } = verifyWebhook(each, { secrets: [secret] }) as DashboardWebhook;
    if (mode === 'remove') shown.delete(id);
    if (definition === undefined) continue;
    const held = mode === 'replace' ? new Map<string, Row>() : (shown.get(id) ?? new Map<string, Row>());
    for (const row of rows) held.set(JSON.stringify(definition.uniqueBy.map((field) => row[field])), row);
    shown.set(id, held);
  }
  return shown;
}

describeDashboardSink({
  name: 'webhook',
  takesUndescribed: 'each webhook carries the definition',
  async open({ timeoutMs }) {
    const receiver = await startReceiver();
    const secret = newSecret();
    const sink = webhookSink({ url: `${receiver.url}/hook`, secrets: [secret], timeoutMs, ...LOOPBACK });
    return {
      sink,
      failNext: receiver.failNext,
      shown({ id }) {
        const rows = [...(dashboardOf(receiver, secret).get(id)?.values() ?? [])];
        return Promise.resolve(rows.map(({ queue, waiting }) => [String(queue), Number(waiting)] as const));
      },
      async [Symbol.asyncDispose]() {
        await sink[Symbol.asyncDispose]();
        await receiver[Symbol.asyncDispose]();
      },
    };
  },
});

describe('a webhook of a dashboard', () => {
  test('says what happened, with an id of its own for every try', async () => {
    await using receiver = await startReceiver();
    const secret = newSecret();
    await using sink = webhookSink({ url: `${receiver.url}/hook`, secrets: [secret], ...LOOPBACK });
    const { id: _, ...definition } = dataset;
    await sink.describe(dataset);
    await sink.push(dataset, [measured('pdf', 1)], 'merge');
    await sink.push(dataset, [measured('pdf', 1)], 'merge');
    await sink.remove(dataset.id);
    const bodies = receiver.received.map((each) => verifyWebhook(each, { secrets: [secret] }));
    const merge = { dataset: dataset.id, mode: 'merge', definition, rows: [measured('pdf', 1)] };
    expect(bodies).toEqual([
      { dataset: dataset.id, mode: 'describe', definition, rows: [] },
      merge,
      merge,
      { dataset: dataset.id, mode: 'remove', rows: [] },
    ]);
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(4);
    expect(receiver.received[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'Longshore',
    });
  });

  test('is signed by all secrets, so that each of them verifies it', async () => {
    await using receiver = await startReceiver();
    const [old, next] = [newSecret(), newSecret('v1a')];
    await using sink = webhookSink({ url: receiver.url, secrets: [old, next], ...LOOPBACK });
    await sink.describe(dataset);
    const [got] = receiver.received;
    if (got === undefined) throw new Error('Nothing came');
    for (const secret of [old, verifyingKey(next)])
      expect(verifyWebhook(got, { secrets: [secret] })).toMatchObject({ mode: 'describe' });
    expect(() => verifyWebhook(got, { secrets: [newSecret()] })).toThrow('No signature fits');
  });

  test('goes to no address that is not public, whatever its name says at first', async () => {
    await using receiver = await startReceiver();
    const { port } = new URL(receiver.url);
    const resolve: Resolver = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
    const url = `http://dashboard.example:${port}/hook`;
    await using sink = webhookSink({ url, secrets: [newSecret()], allowHttp: true, resolve });
    await expect(sink.describe(dataset)).rejects.toMatchObject({
      code: 'dashboard_refused',
      retryable: false,
      message: expect.stringContaining('127.0.0.1 is not a public address') as string,
    });
    expect(receiver.received).toEqual([]);
  });

  test('may be tried again when its name cannot be resolved now', async () => {
    const resolve: Resolver = () => Promise.reject(new Error('EAI_AGAIN'));
    await using sink = webhookSink({ url: 'https://dashboard.example', secrets: [newSecret()], resolve });
    await expect(sink.describe(dataset)).rejects.toMatchObject({
      code: 'dashboard_unavailable',
      retryable: true,
    });
  });

  test('that is gone for good is said to be so', async () => {
    await using receiver = await startReceiver();
    await using sink = webhookSink({ url: receiver.url, secrets: [newSecret()], ...LOOPBACK });
    receiver.failNext({ status: 410 });
    await expect(sink.describe(dataset)).rejects.toThrow(/status 410.*; the receiver wants no more of these/);
  });

  test.for<[string, Partial<WebhookSinkOptions>, RegExp]>([
    ['a private address', { url: 'https://10.0.0.1/hook' }, /10\.0\.0\.1 is not a public address/],
    ['plain http', { url: 'http://example.com/hook' }, /expected "https:"/],
    ['no secret', { secrets: [] }, /begin with whsec_ or whsk_/],
    ['a key that only verifies', { secrets: [verifyingKey(newSecret('v1a'))] }, /begin with whsec_ or whsk_/],
    ['a secret that is too short', { secrets: ['whsec_c2hvcnQ='] }, /whsec_ holds 5 bytes/],
  ])('is not made with %s', ([, change, message]) => {
    const options = { url: 'https://example.com/hook', secrets: [newSecret()] };
    expect(() => webhookSink({ ...options, ...change })).toThrow(message);
  });
});
