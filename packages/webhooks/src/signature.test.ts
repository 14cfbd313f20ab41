import { execFileSync } from 'node:child_process';
import { createPublicKey, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { signWebhook, verifyWebhook, WebhookRefused } from './signature.ts';
import { newSecret, readKey, verifyingKey } from './signing-key.ts';

const AT_MS = 1_800_000_000_123;
const message = { id: 'evt-1', atMs: AT_MS, body: '{"type":"a","data":{"né":"œ"}}' };
const nowMs = (): number => AT_MS;

describe('a symmetric signature', () => {
  it('is, byte for byte, that of the reference library', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 24, maxLength: 64 }),
        fc.string({ minLength: 1 }),
        fc.string({ unit: 'grapheme' }),
        fc.integer({ min: 0, max: 4_000_000_000_000 }),
        (key, id, body, atMs) => {
          const secret = `whsec_${Buffer.from(key).toString('base64')}`;
          const ours = signWebhook({ id, atMs, body: body.toWellFormed() }, [secret]);
          const theirs = new Webhook(secret).sign(id, new Date(atMs), body.toWellFormed());
          expect(ours['webhook-signature']).toBe(theirs);
        },
      ),
    );
  });

  it('is accepted by the reference library, and its by us', () => {
    const secret = newSecret();
    const at = new Date();
    const headers = { ...signWebhook({ ...message, atMs: at.getTime() }, [secret]) };
    const library = new Webhook(secret);
    expect(library.verify(message.body, headers)).toEqual(JSON.parse(message.body));
    const theirs = { ...headers, 'webhook-signature': library.sign(message.id, at, message.body) };
    expect(verifyWebhook({ headers: theirs, body: message.body }, { secrets: [secret] })).toEqual(
      JSON.parse(message.body),
    );
  });

  it('takes secrets of 24 to 64 bytes, and never shows them', () => {
    const secretOf = (bytes: number): string => `whsec_${randomBytes(bytes).toString('base64')}`;
    for (const bytes of [24, 64]) expect(readKey(secretOf(bytes)).scheme).toBe('v1');
    for (const bytes of [1, 23, 65]) {
      const secret = secretOf(bytes);
      expect(() => readKey(secret)).toThrow(`${bytes} bytes`);
      expect(() => readKey(secret)).not.toThrow(secret.slice(6));
    }
    for (const text of ['', 'whsec_', 'whsec_*', 'secret', 'whpk_AAAA', 'whsk_AAAA'])
      expect(() => readKey(text)).toThrow('Cannot use a webhook secret');
  });
});

describe('an ed25519 signature', () => {
  // RFC 8032, section 7.1, tests 1 to 3: secret key, public key, message, signature.
  const vectors = [
    [
      '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ],
    [
      '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      '72',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ],
    [
      'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
      'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
      'af82',
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    ],
  ] as const;

  it('is that of RFC 8032', () => {
    for (const [seed, publicKey, content, signature] of vectors) {
      const key = readKey(`whsk_${Buffer.from(seed, 'hex').toString('base64')}`);
      expect(Buffer.from(key.sign(Buffer.from(content, 'hex')), 'base64').toString('hex')).toBe(signature);
      const pair = `whsk_${Buffer.from(seed + publicKey, 'hex').toString('base64')}`;
      expect(verifyingKey(pair)).toBe(`whpk_${Buffer.from(publicKey, 'hex').toString('base64')}`);
      const verifier = readKey(verifyingKey(pair));
      expect(verifier.verify(Buffer.from(content, 'hex'), Buffer.from(signature, 'hex'))).toBe(true);
      expect(verifier.verify(Buffer.from(`${content}00`, 'hex'), Buffer.from(signature, 'hex'))).toBe(false);
      expect(() => verifier.sign(Buffer.alloc(1))).toThrow('only verifies');
    }
  });

  it('is accepted by OpenSSL', () => {
    const secret = newSecret('v1a');
    const headers = signWebhook(message, [secret]);
    const [, signature = ''] = headers['webhook-signature'].split(',');
    const raw = Buffer.from(verifyingKey(secret).slice(5), 'base64');
    const key = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') },
      format: 'jwk',
    });
    const folder = mkdtempSync(join(tmpdir(), 'longshore-openssl-'));
    const file = (name: string, content: string | Buffer): string => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    try {
      const content = file('content', `${message.id}.${headers['webhook-timestamp']}.${message.body}`);
      const answer = execFileSync('openssl', [
        'pkeyutl',
        '-verify',
        '-rawin',
        '-pubin',
        '-in',
        content,
        '-inkey',
        file('key', key.export({ format: 'pem', type: 'spki' })),
        '-sigfile',
        file('signature', Buffer.from(signature, 'base64')),
      ]);
      expect(answer.toString()).toContain('Signature Verified Successfully');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('refuses halves that do not belong together', () => {
    const halves = Buffer.concat([randomBytes(32), randomBytes(32)]).toString('base64');
    expect(() => readKey(`whsk_${halves}`)).toThrow('do not belong together');
  });
});

describe('verifyWebhook', () => {
  const secret = newSecret();

  it('accepts any of several signatures, so that a secret is changed without a gap', () => {
    const [older, newer] = [newSecret(), newSecret('v1a')];
    const received = { headers: signWebhook(message, [newer, older]), body: Buffer.from(message.body) };
    for (const key of [older, newer, verifyingKey(newer)])
      expect(verifyWebhook(received, { secrets: [key], nowMs })).toEqual(JSON.parse(message.body));
    expect(() => verifyWebhook(received, { secrets: [newSecret(), newSecret('v1a')], nowMs })).toThrow(
      WebhookRefused,
    );
  });

  it('reads a Headers as well', () => {
    const headers = new Headers({ ...signWebhook(message, [secret]) });
    expect(verifyWebhook({ headers, body: message.body }, { secrets: [secret], nowMs })).toBeDefined();
  });

  const headers = signWebhook(message, [secret]);
  it.each([
    ['another body', { headers, body: JSON.stringify({ data: {}, type: 'a' }) }, 'No signature fits'],
    ['another id', { headers: { ...headers, 'webhook-id': 'evt-2' }, body: message.body }, 'No signature'],
    [
      'another time',
      { headers: { ...headers, 'webhook-timestamp': '1800000001' }, body: message.body },
      'No signature',
    ],
    [
      'no id',
      { headers: { ...headers, 'webhook-id': undefined }, body: message.body },
      'webhook-id is missing',
    ],
    [
      'a time that is none',
      { headers: { ...headers, 'webhook-timestamp': 'now' }, body: message.body },
      'no number',
    ],
    [
      'a scheme that lies',
      {
        headers: { ...headers, 'webhook-signature': headers['webhook-signature'].replace('v1', 'v1a') },
        body: message.body,
      },
      'No signature',
    ],
    [
      'a signature that was cut',
      {
        headers: { ...headers, 'webhook-signature': headers['webhook-signature'].slice(0, 20) },
        body: message.body,
      },
      'No signature',
    ],
  ])('refuses %s', (_, received, reason) => {
    expect(() => verifyWebhook(received, { secrets: [secret], nowMs })).toThrow(reason);
  });

  it('refuses what is too old or from the future', () => {
    const received = { headers, body: message.body };
    for (const away of [301, -301])
      expect(() => verifyWebhook(received, { secrets: [secret], nowMs: () => AT_MS + away * 1_000 })).toThrow(
        'seconds away',
      );
  });

  it('refuses a signed body that is no JSON', () => {
    const received = { headers: signWebhook({ ...message, body: 'hello' }, [secret]), body: 'hello' };
    expect(() => verifyWebhook(received, { secrets: [secret], nowMs })).toThrow('no JSON');
  });
});
