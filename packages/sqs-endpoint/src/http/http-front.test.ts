import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { openEndpoint, standingClock } from '../fixtures/open-client.ts';

describe('the HTTP front', () => {
  it('answers GET /health, with the date of its clock', async () => {
    await using opened = await openEndpoint({ clock: standingClock(Date.UTC(2031, 0, 2, 3, 4, 5)) });
    const response = await fetch(`${opened.endpoint.url}/health`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'ok' });
    expect(response.headers.get('date')).toBe('Thu, 02 Jan 2031 03:04:05 GMT');
  });

  it('refuses what is no call, saying so in the form that SDKs read', async () => {
    await using opened = await openEndpoint();
    const unknown = await opened.call('MakeTea', {});
    expect(unknown).toMatchObject({
      status: 400,
      body: { __type: 'com.amazon.coral.service#UnknownOperationException' },
    });
    for (const input of ['{', '[]', '"text"']) {
      expect((await opened.call('ListQueues', input)).body).toMatchObject({
        __type: 'com.amazon.coral.service#SerializationException',
      });
    }
    const notUtf8 = await fetch(opened.endpoint.url, {
      method: 'POST',
      headers: { 'x-amz-target': 'AmazonSQS.ListQueues' },
      body: new Uint8Array([0x22, 0xff, 0x22]),
    });
    expect(notUtf8.status).toBe(400);
    expect((await fetch(opened.endpoint.url)).status).toBe(400);
    const large = await opened.call('ListQueues', ' '.repeat(9 * 1_048_576));
    expect(large.status).toBe(413);
    expect((await opened.call('ListQueues', {})).status).toBe(200);
  });

  it('takes calls with any signature and with none, at any time', async () => {
    await using opened = await openEndpoint({ clock: standingClock(0) });
    expect(await opened.client.send(new ListQueuesCommand({}))).toMatchObject({ QueueUrls: [] });
    expect((await opened.call('ListQueues', {})).status).toBe(200);
  });

  it.each([
    ['fast', -16 * 60_000, /still later than/],
    ['slow', 16 * 60_000, /now earlier than/],
  ])('with a strict clock refuses clients whose clock is %s', async (_name, offsetMs, message) => {
    const clock = standingClock(Date.now() + offsetMs);
    await using opened = await openEndpoint({ clock, strictClock: true });
    await expect(opened.client.send(new ListQueuesCommand({}))).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
      message: expect.stringMatching(message) as string,
      $metadata: { httpStatusCode: 403 },
    });
    expect((await opened.call('ListQueues', {})).status).toBe(200);
  });

  it('with a strict clock is understood by the SDK, which corrects its own and tries again', async () => {
    const clock = standingClock(Date.now() + 3 * 3_600_000);
    await using opened = await openEndpoint({ clock, strictClock: true });
    const client = new SQSClient({
      endpoint: opened.endpoint.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      maxAttempts: 2,
    });
    expect((await client.send(new ListQueuesCommand({}))).$metadata.attempts).toBe(2);
    client.destroy();
  });

  it('with a strict clock takes what is signed fourteen minutes off', async () => {
    const clock = standingClock(Date.now() + 14 * 60_000);
    await using opened = await openEndpoint({ clock, strictClock: true });
    expect((await opened.client.send(new ListQueuesCommand({}))).$metadata.httpStatusCode).toBe(200);
  });
});
