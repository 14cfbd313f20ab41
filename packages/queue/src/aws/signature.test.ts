import { systemClock } from '@longshore/job';
import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { connectionPool } from './connection-pool.ts';
import { endpointAt } from './endpoint.ts';
import { json, scriptedServer } from './fixtures/scripted-server.ts';
import { isSigned } from './fixtures/signature-check.ts';
import { hmacWith, signer } from './signature.ts';

const CREDENTIALS = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};
const REQUEST = { target: 'AmazonSQS.ReceiveMessage', body: '{"text":"é 日本"}' };

const lines = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .trimEnd()
      .split('\r\n')
      .map((line) => line.split(/: (.*)/, 2).map(String) as [string, string]),
  );

describe('signer', () => {
  it.each([
    ['lasting credentials', CREDENTIALS],
    ['temporary credentials', { ...CREDENTIALS, sessionToken: 'FwoGZXIvYXdzE/+=' }],
  ])('makes signatures with %s that a server accepts', async (_what, credentials) => {
    await using server = await scriptedServer(json(200, {}));
    const { hostHeader, path, ...origin } = endpointAt(`${server.url}/some/path`);
    const sign = signer({ host: hostHeader, path, service: 'sqs', region: 'eu-west-1' });
    const pool = connectionPool({ origin, clock: systemClock });
    const send = (signed: string) =>
      pool.send({
        head: `POST ${path} HTTP/1.1\r\nHost: ${hostHeader}\r\nX-Amz-Target: ${REQUEST.target}\r\n${signed}Content-Length: ${Buffer.byteLength(REQUEST.body)}\r\n\r\n`,
        body: REQUEST.body,
        ascii: false,
        timeoutMs: 5_000,
      });
    await send(sign.headers(REQUEST, credentials, Date.now()));
    pool.close();
    const [served] = server.requests;
    expect(served?.body.toString()).toBe(REQUEST.body);
    const check = (secret: string) =>
      isSigned(served?.headers ?? {}, path, served?.body ?? Buffer.of(), secret);
    expect(check(CREDENTIALS.secretAccessKey)).toBe(true);
    expect(check('another')).toBe(false);
  });

  it('is checked by a check that accepts the signatures of the AWS SDK', async () => {
    await using server = await scriptedServer(json(200, { MessageId: 'm' }));
    const client = new SQSClient({
      region: 'eu-west-1',
      endpoint: server.url,
      credentials: { ...CREDENTIALS, sessionToken: 'token' },
      md5: false,
    });
    await client.send(new SendMessageCommand({ QueueUrl: `${server.url}/q`, MessageBody: 'é' }));
    client.destroy();
    const [served] = server.requests;
    const check = (secret: string) =>
      isSigned(served?.headers ?? {}, '/', served?.body ?? Buffer.of(), secret);
    expect(check(CREDENTIALS.secretAccessKey)).toBe(true);
    expect(check('another')).toBe(false);
  });

  it('signs anew in another second, for another body and for other credentials', () => {
    const sign = signer({ host: 'h', path: '/', service: 'sqs', region: 'eu-west-1' });
    const signature = (request: typeof REQUEST, credentials: typeof CREDENTIALS, epochMs: number) =>
      lines(sign.headers(request, credentials, epochMs))['Authorization'];
    const nowMs = Date.UTC(2026, 0, 31, 23, 59, 59, 0);
    const first = signature(REQUEST, CREDENTIALS, nowMs);
    expect(signature(REQUEST, CREDENTIALS, nowMs + 999)).toBe(first);
    const others = [
      signature(REQUEST, CREDENTIALS, nowMs + 1_000),
      signature({ ...REQUEST, body: '{}' }, CREDENTIALS, nowMs),
      signature(REQUEST, { ...CREDENTIALS, accessKeyId: 'AKIDOTHER' }, nowMs),
    ];
    expect(new Set([first, ...others]).size).toBe(4);
    expect(others[0]).toContain('/20260201/eu-west-1/sqs/aws4_request');
  });
});

describe('hmacWith', () => {
  it('is HMAC-SHA-256', () => {
    const key = fc.uint8Array({ minLength: 1, maxLength: 64 });
    fc.assert(
      fc.property(key, fc.array(fc.string(), { minLength: 1 }), (bytes, texts) => {
        const sign = hmacWith(Buffer.from(bytes));
        for (const text of texts)
          expect(sign(text)).toBe(createHmac('sha256', bytes).update(text).digest('hex'));
      }),
    );
  });
});
