import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEndpoint, type Opened } from './fixtures/open-client.ts';
import { startSqsEndpoint } from './start-sqs-endpoint.ts';

let folder: string;
let database: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'longshore-endpoint-'));
  database = join(folder, 'state', 'queues.db');
});
afterEach(() => rm(folder, { recursive: true }));

const bodiesOf = async (opened: Opened, QueueUrl: string): Promise<readonly string[]> => {
  const bodies: string[] = [];
  for (;;) {
    const { body } = await opened.call('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 });
    const messages = body['Messages'] as readonly { readonly Body: string }[] | undefined;
    if (messages === undefined) return bodies;
    bodies.push(...messages.map(({ Body }) => Body));
  }
};

describe('an endpoint with a file', () => {
  it('keeps queues, messages, leases, receive counts and deduplication from one start to the next', async () => {
    const first = await openEndpoint({ database });
    const queue = await first.queue('jobs.fifo', { VisibilityTimeout: '600' });
    const message = (id: string) => ({
      QueueUrl: queue,
      MessageBody: id,
      MessageGroupId: id,
      MessageDeduplicationId: id,
    });
    for (const id of ['a', 'b']) await first.call('SendMessage', message(id));
    const { body } = await first.call('ReceiveMessage', { QueueUrl: queue });
    await first[Symbol.asyncDispose]();
    await using second = await openEndpoint({ database });
    await second.call('SendMessage', message('b'));
    expect(await bodiesOf(second, `${second.endpoint.url}/0/jobs.fifo`)).toEqual(['b']);
    const [held] = body['Messages'] as readonly { readonly ReceiptHandle: string }[];
    const released = { QueueUrl: queue, ReceiptHandle: held?.ReceiptHandle, VisibilityTimeout: 0 };
    expect((await second.call('ChangeMessageVisibility', released)).status).toBe(200);
    const again = await second.call('ReceiveMessage', { QueueUrl: queue, AttributeNames: ['All'] });
    expect(again.body['Messages']).toMatchObject([
      { Body: 'a', Attributes: { ApproximateReceiveCount: '2' } },
    ]);
  });

  it(
    'has every message that it answered for when it is killed in the middle of sending',
    { timeout: 60_000 },
    async () => {
      let number = 0;
      const answered = new Set<string>();
      for (let kill = 0; kill < 3; kill += 1) {
        const { child, url } = await startProcess(database);
        await postTo(url, 'CreateQueue', { QueueName: 'jobs' });
        const QueueUrl = `${url}/000000000000/jobs`;
        const goal = answered.size + 300;
        const lane = async (): Promise<void> => {
          for (;;) {
            const MessageBody = String((number += 1));
            const isSent = await postTo(url, 'SendMessage', { QueueUrl, MessageBody }).catch(() => false);
            if (!isSent) return;
            answered.add(MessageBody);
            if (answered.size === goal) child.kill('SIGKILL');
          }
        };
        const exited = once(child, 'exit');
        await Promise.all([...Array.from({ length: 8 }, lane), exited]);
      }
      await using opened = await openEndpoint({ database });
      const found = new Set(await bodiesOf(opened, `${opened.endpoint.url}/0/jobs`));
      expect(answered.size).toBeGreaterThanOrEqual(900);
      expect([...answered].filter((body) => !found.has(body))).toEqual([]);
    },
  );

  it('is the only one on that file', async () => {
    await using opened = await openEndpoint({ database });
    expect(opened.endpoint.port).toBeGreaterThan(0);
    await expect(startSqsEndpoint({ database })).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining('another endpoint serves it') as string,
    });
  });

  it('refuses a file of another version, or one that is no database', async () => {
    const path = join(folder, 'newer.db');
    const newer = new DatabaseSync(path);
    newer.exec('PRAGMA user_version = 99');
    newer.close();
    await expect(startSqsEndpoint({ database: path })).rejects.toThrow(/version 99/);
    await expect(startSqsEndpoint({ database: folder })).rejects.toMatchObject({ code: 'invalid_options' });
  });
});

describe('an endpoint', () => {
  it('says when its port is taken, and takes it once it is free', async () => {
    const first = await startSqsEndpoint();
    const { port } = first;
    await expect(startSqsEndpoint({ port })).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining(String(port)) as string,
    });
    await first.close();
    await first.close();
    await using second = await startSqsEndpoint({ port });
    expect(second.url).toBe(`http://127.0.0.1:${port}`);
  });
});

async function startProcess(path: string): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const entry = fileURLToPath(new URL('fixtures/endpoint-process.ts', import.meta.url));
  const child = fork(entry, [path], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [url] = (await once(child, 'message')) as [string];
  return { child, url };
}

async function postTo(url: string, action: string, input: object): Promise<boolean> {
  const headers = { 'x-amz-target': `AmazonSQS.${action}` };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(input) });
  await response.json();
  return response.ok;
}
