import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { partsOf } from './parts.ts';

async function* chunksOf(sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let next = 0;
  for (const size of sizes) yield Buffer.from(Array.from({ length: size }, () => next++ % 251));
}

describe('partsOf', () => {
  it('cuts any chunks into full parts and one last part, without a change', async () => {
    const sizes = fc.array(fc.nat({ max: 30 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 1, max: 12 }), async (chunks, partBytes) => {
        const parts = await Array.fromAsync(partsOf(chunksOf(chunks), partBytes));
        const whole = Buffer.concat(await Array.fromAsync(chunksOf(chunks)));
        expect(Buffer.concat(parts.map(({ bytes }) => bytes))).toEqual(whole);
        expect(parts.map(({ isLast }) => isLast).indexOf(true)).toBe(parts.length - 1);
        expect(parts.slice(0, -1).every(({ bytes }) => bytes.byteLength === partBytes)).toBe(true);
        expect(parts.at(-1)?.bytes.byteLength).toBeLessThanOrEqual(partBytes);
        expect(parts.length).toBe(Math.max(1, Math.ceil(whole.byteLength / partBytes)));
      }),
    );
  });
});
