import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { createEnvelope } from './create-envelope.ts';
import { defineJob, parsePayload, type PayloadOf } from './definition.ts';

const definitions = {
  zod: defineJob({ name: 'resize-image', schema: z.object({ key: z.string(), widthPixels: z.number() }) }),
  valibot: defineJob({
    name: 'resize-image',
    schema: v.object({ key: v.string(), widthPixels: v.number() }),
  }),
  arktype: defineJob({ name: 'resize-image', schema: type({ key: 'string', widthPixels: 'number' }) }),
};

describe.each(Object.entries(definitions))('a job defined with %s', (_library, definition) => {
  it('accepts a payload that fits', async () => {
    const payload = { key: 'a', widthPixels: 10 };
    expect(await parsePayload(definition, payload)).toEqual({ ok: true, value: payload });
  });

  it('refuses one that does not, naming the job and the field', async () => {
    const parsed = await parsePayload(definition, { key: 'a', widthPixels: 'wide' });
    expect(parsed.ok).toBe(false);
    expect(!parsed.ok && parsed.error.code).toBe('invalid_payload');
    expect(!parsed.ok && parsed.error.message).toMatch(/resize-image.*widthPixels/);
  });

  it('types producer and handler alike', () => {
    expectTypeOf<PayloadOf<typeof definition>>().toEqualTypeOf<{ key: string; widthPixels: number }>();
  });
});

describe('defineJob', () => {
  it('reports every fault at once', () => {
    const define = (): unknown => defineJob({ name: 'Bad Name', schema: z.any(), version: 0, timeoutMs: -1 });
    expect(define).toThrow(/name is "Bad Name".*version is 0.*timeoutMs is -1/);
  });

  it('costs one slot and no memory unless told otherwise', () => {
    expect(definitions.zod.cost).toEqual({ slots: 1, memoryMiB: 0 });
    const heavy = defineJob({ name: 'a', schema: z.any(), cost: { memoryMiB: 512 } });
    expect(heavy.cost).toEqual({ slots: 1, memoryMiB: 512 });
    expect(Object.isFrozen(heavy.cost)).toBe(true);
  });

  it.each([
    [{ slots: 0 }, /cost\.slots is 0/],
    [{ slots: 1.5 }, /cost\.slots is 1\.5/],
    [{ slots: 1_001 }, /cost\.slots is 1001/],
    [{ memoryMiB: -1 }, /cost\.memoryMiB is -1/],
    [{ memoryMiB: Number.NaN }, /cost\.memoryMiB is NaN/],
    [{ memoryMiB: 512 * 1_024 * 1_024 }, /cost\.memoryMiB is 536870912/],
  ])('refuses the cost %j', (cost, message) => {
    expect(() => defineJob({ name: 'a', schema: z.any(), cost })).toThrow(message);
  });

  it('refuses a retry policy that cannot work', () => {
    const define = (): unknown =>
      defineJob({ name: 'a', schema: z.any(), retry: { maxAttempts: 0, baseDelayMs: -1 } });
    expect(define).toThrow(/maxAttempts is 0.*baseDelayMs is -1/);
  });
});

describe('createEnvelope', () => {
  const doubled = defineJob({
    name: 'doubled',
    schema: z.object({ n: z.string().transform((text) => Number(text) * 2) }),
    idempotencyKey: ({ n }) => `n-${n}`,
  });

  it('sends the input of a transforming schema and keys by its output', async () => {
    const envelope = await createEnvelope(doubled, { n: '21' }, { nowMs: 5 });
    expect(envelope).toMatchObject({
      name: 'doubled',
      version: 1,
      payload: { n: '21' },
      idempotencyKey: 'n-42',
      enqueuedAtMs: 5,
    });
  });

  it('keys by the job id where the definition has no key', async () => {
    const envelope = await createEnvelope(definitions.zod, { key: 'a', widthPixels: 1 });
    expect(envelope.idempotencyKey).toBe(envelope.id);
  });

  it('refuses a payload before anything is sent', async () => {
    const untyped = { n: 3 } as unknown as { n: string };
    await expect(createEnvelope(doubled, untyped)).rejects.toMatchObject({ code: 'invalid_payload' });
  });
});
