import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEnvelope, encodeEnvelope, type Envelope } from './envelope.ts';

const envelope: Envelope = {
  id: '0192f0c0-0000-7000-8000-000000000000',
  name: 'extract-pdf',
  version: 2,
  payload: { key: 'documents/a.pdf', nested: [1, null, 'é'] },
  idempotencyKey: 'a',
  enqueuedAtMs: 1_764_000_000_000,
  attempts: [
    {
      receive: 1,
      kind: 'failed',
      code: 'handler_failed',
      message: 'no',
      stack: 'Error: no',
      host: 'h',
      atMs: 1,
    },
    { receive: 2, kind: 'interrupted', code: 'interrupted', message: '', host: 'h', atMs: 2 },
  ],
  trace: { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', tracestate: 'a=b' },
};

function changed(change: Record<string, unknown>): string {
  const record = { ...(JSON.parse(encodeEnvelope(envelope)) as Record<string, unknown>), ...change };
  return JSON.stringify(record);
}

function faultOf(body: string | Uint8Array): string {
  const decoded = decodeEnvelope(body);
  return decoded.ok ? 'none' : decoded.fault.code;
}

describe('envelope', () => {
  it('comes back as it was sent', () => {
    expect(decodeEnvelope(encodeEnvelope(envelope))).toEqual({ ok: true, envelope });
  });

  it('carries a claim in place of a payload', () => {
    const { payload: _payload, ...rest } = envelope;
    const claimed: Envelope = { ...rest, claim: { key: 'claims/q/1.json', bytes: 3, sha256: 'ab' } };
    expect(decodeEnvelope(encodeEnvelope(claimed))).toEqual({ ok: true, envelope: claimed });
  });

  it('comes back for any JSON payload without forbidden keys', () => {
    const json = fc
      .jsonValue()
      .filter((value) => !/__proto__|constructor|prototype/.test(JSON.stringify(value)));
    fc.assert(
      fc.property(json, (payload) => {
        const decoded = decodeEnvelope(
          encodeEnvelope({ ...envelope, payload: JSON.parse(JSON.stringify(payload)) as unknown }),
        );
        expect(decoded.ok && decoded.envelope.payload).toEqual(JSON.parse(JSON.stringify(payload)));
      }),
    );
  });

  it.each(['__proto__', 'constructor', 'prototype'])('refuses the key %s at any depth', (key) => {
    const body = encodeEnvelope(envelope).replace('"nested"', `"${key}"`);
    expect(body).toContain(key);
    expect(faultOf(body)).toBe('forbidden_key');
    expect(({} as Record<string, unknown>)['nested']).toBeUndefined();
  });

  it('refuses a forbidden key hidden behind an escape', () => {
    expect(faultOf(encodeEnvelope(envelope).replace('"nested"', String.raw`"\u005f_proto__"`))).toBe(
      'forbidden_key',
    );
  });

  it('allows the forbidden words as values', () => {
    expect(faultOf(encodeEnvelope({ ...envelope, payload: { text: '__proto__ constructor' } }))).toBe('none');
  });

  it('refuses bytes that are no UTF-8 and text with half a surrogate pair', () => {
    expect(faultOf(new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]))).toBe('bad_utf8');
    expect(faultOf(encodeEnvelope(envelope).replace('é', '\ud800'))).toBe('bad_utf8');
  });

  it('refuses text that is no JSON', () => {
    expect(faultOf('hello')).toBe('bad_json');
    expect(faultOf('')).toBe('bad_json');
  });

  it('refuses an envelope format from the future and names it', () => {
    const decoded = decodeEnvelope(changed({ longshore: 9 }));
    expect(decoded).toMatchObject({ ok: false, fault: { code: 'unknown_format' } });
    expect(!decoded.ok && decoded.fault.reason).toContain('9');
  });

  it.each([
    ['id', { id: 1 }],
    ['id', { id: '' }],
    ['name', { name: null }],
    ['version', { version: 1.5 }],
    ['key', { key: 'x'.repeat(2_000) }],
    ['at', { at: '2026' }],
    ['trace', { trace: {} }],
    ['attempts', { attempts: [{}] }],
    ['claim', { claim: { key: 'a' } }],
    ['payload', { claim: { key: 'a', bytes: 1, sha256: 'b' } }],
  ])('refuses a wrong field "%s" and names it', (field, change) => {
    const decoded = decodeEnvelope(changed(change));
    expect(!decoded.ok && decoded.fault.reason).toContain(`"${field}"`);
  });

  it('refuses JSON that Longshore did not write', () => {
    for (const body of ['{}', '[]', 'null', '"text"', '{"Records":[]}'])
      expect(faultOf(body)).toBe('not_an_envelope');
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodeEnvelope(bytes)),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(fc.json(), (text) => void decodeEnvelope(text)),
      { numRuns: 2_000 },
    );
  });

  it('survives damage to any one character of a real envelope without taking it for another job', () => {
    const body = encodeEnvelope(envelope);
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, character) => {
        const decoded = decodeEnvelope(body.slice(0, at) + character + body.slice(at + 1));
        expect(decoded.ok ? decoded.envelope.id : decoded.fault.reason).not.toBe('');
      }),
      { numRuns: 2_000 },
    );
  });
});
