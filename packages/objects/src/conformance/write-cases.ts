/** Cases of `put` and `delete`. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readBytes, readText } from '../read-object.ts';
import { heldBytes, keysUnder, pattern, type Running } from './suite.ts';

const MIB = 1_048_576;
const LARGE_BYTES = 20 * MIB + 17;
/** More than the drivers may hold, so that holding all of it shows. */
const HUGE_BYTES = 96 * MIB;
const MAX_HELD_BYTES = 40 * MIB;

export function writeCases({ store, folder, skips }: Running): void {
  describe('put', () => {
    it('gives back bytes, strings and streams as they were', async () => {
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
      await store().put(`${folder()}bytes`, bytes);
      await store().put(`${folder()}text`, 'naïve ☃ 𝄞');
      await store().put(`${folder()}stream`, pattern(200_000));
      expect(await readBytes(store(), `${folder()}bytes`)).toEqual(Buffer.from(bytes));
      expect(await readText(store(), `${folder()}text`)).toBe('naïve ☃ 𝄞');
      expect((await readBytes(store(), `${folder()}stream`))?.byteLength).toBe(200_000);
    });

    it('stores empty objects, from each kind of body', async () => {
      const bodies = { bytes: new Uint8Array(), text: '', stream: pattern(0), hollow: hollowStream() };
      for (const [name, body] of Object.entries(bodies)) {
        const info = await store().put(folder() + name, body);
        expect(info.bytes, name).toBe(0);
        expect(await readText(store(), folder() + name), name).toBe('');
      }
    });

    it('keeps the content type and says the size, the etag and the time', async () => {
      const key = `${folder()}typed`;
      const before = Date.now();
      const put = await store().put(key, '{"a":1}', { contentType: 'application/json; charset=utf-8' });
      const head = await store().head(key);
      const got = await store().get(key);
      await got?.body[Symbol.asyncIterator]().return?.();
      expect(put).toMatchObject({ key, bytes: 7 });
      expect(put.etag).not.toBe('');
      for (const info of [head, got]) {
        expect(info).toMatchObject({
          key,
          bytes: 7,
          etag: put.etag,
          contentType: 'application/json; charset=utf-8',
        });
        // S3 keeps whole seconds.
        expect(info?.modifiedAtMs).toBeGreaterThan(before - 2_000);
      }
    });

    it('refuses a content type that could not be a header', async () => {
      for (const contentType of [
        '',
        'plain',
        'text/plain\r\nx: y',
        'text/ünïcode',
        `text/${'x'.repeat(300)}`,
      ]) {
        const writing = store().put(`${folder()}bad`, 'x', { contentType });
        await expect(writing, contentType).rejects.toMatchObject({ code: 'invalid_options' });
      }
      expect(await store().head(`${folder()}bad`)).toBeUndefined();
    });

    it('replaces an object, and its etag changes with its content', async () => {
      const key = `${folder()}replaced`;
      const first = await store().put(key, 'first, and longer', { contentType: 'text/plain' });
      const second = await store().put(key, 'second');
      expect(second.etag).not.toBe(first.etag);
      expect(await readText(store(), key)).toBe('second');
      expect((await store().head(key))?.contentType).not.toBe('text/plain');
    });

    it('leaves one whole body when many write one key at the same time', async () => {
      const key = `${folder()}contended`;
      const bodies = Array.from({ length: 8 }, (_, index) => String(index).repeat(100_000));
      await Promise.all(bodies.map((body) => store().put(key, body)));
      expect(bodies).toContain(await readText(store(), key));
    });

    it('streams 20 MiB in and out without a change', async () => {
      const key = `${folder()}large`;
      const { bytes } = await store().put(key, pattern(LARGE_BYTES));
      expect(bytes).toBe(LARGE_BYTES);
      expect((await store().head(key))?.bytes).toBe(LARGE_BYTES);
      const read = (await store().get(key))?.body;
      expect(await digest(read ?? pattern(0))).toBe(await digest(pattern(LARGE_BYTES)));
    });

    it('holds a part of a large body in memory, not all of it', async ({ skip }) => {
      if (skips['bounded-memory'] !== undefined) skip(skips['bounded-memory']);
      const key = `${folder()}huge`;
      const before = heldBytes();
      let mostBytes = 0;
      let chunks = 0;
      const measure = (): void => {
        chunks += 1;
        if (chunks % 64 === 0) mostBytes = Math.max(mostBytes, heldBytes() - before);
      };
      await store().put(key, pattern(HUGE_BYTES, measure));
      expect(chunks).toBe(HUGE_BYTES / 65_536);
      expect(mostBytes, 'while writing').toBeLessThan(MAX_HELD_BYTES);
      mostBytes = 0;
      for await (const chunk of (await store().get(key))?.body ?? []) if (chunk.byteLength > 0) measure();
      expect(mostBytes, 'while reading').toBeLessThan(MAX_HELD_BYTES);
      await store().delete(key);
    });

    it("leaves nothing behind when the source fails, early or late, and says the source's error", async () => {
      for (const bytes of [0, 100_000, LARGE_BYTES]) {
        const failure = new Error(`The source failed after ${bytes}`);
        await expect(store().put(`${folder()}failed`, failing(bytes, failure))).rejects.toBe(failure);
        await expect(store().create(`${folder()}failed`, failing(bytes, failure))).rejects.toBe(failure);
      }
      expect(await store().get(`${folder()}failed`)).toBeUndefined();
      expect(await keysUnder(store(), folder())).toEqual([]);
    });

    it('keeps the old object when the source of its replacement fails', async () => {
      await store().put(`${folder()}kept`, 'old');
      await expect(store().put(`${folder()}kept`, failing(100_000, new Error('broken')))).rejects.toThrow(
        'broken',
      );
      expect(await readText(store(), `${folder()}kept`)).toBe('old');
    });

    it('closes a source that it leaves early', async () => {
      let closed = 0;
      async function* source(): AsyncGenerator<Uint8Array> {
        try {
          for (;;) yield 'not bytes' as unknown as Uint8Array;
        } finally {
          closed += 1;
        }
      }
      await expect(store().put(`${folder()}x`, source())).rejects.toMatchObject({ code: 'invalid_options' });
      expect(closed).toBe(1);
      const wrong = 42 as unknown as string;
      await expect(store().put(`${folder()}x`, wrong)).rejects.toMatchObject({ code: 'invalid_options' });
      expect(await store().head(`${folder()}x`)).toBeUndefined();
    });

    it('stops at an abort, even of a source that stalls, with the reason of the signal', async () => {
      const reason = new Error('Enough');
      await expect(store().put(`${folder()}a`, 'x', { signal: AbortSignal.abort(reason) })).rejects.toBe(
        reason,
      );
      for (const bytes of [0, LARGE_BYTES]) {
        const controller = new AbortController();
        const body = stalling(bytes, () => controller.abort(reason));
        await expect(store().put(`${folder()}a`, body, { signal: controller.signal })).rejects.toBe(reason);
      }
      expect(await keysUnder(store(), folder())).toEqual([]);
    });
  });

  describe('delete', () => {
    it('removes an object, and succeeds when there is none', async () => {
      await store().put(`${folder()}gone`, 'x');
      await store().put(`${folder()}gone/inner`, 'y');
      await store().delete(`${folder()}gone`);
      await store().delete(`${folder()}gone`);
      await store().delete(`${folder()}never/there`);
      expect(await store().get(`${folder()}gone`)).toBeUndefined();
      expect(await store().head(`${folder()}gone`)).toBeUndefined();
      expect(await keysUnder(store(), folder())).toEqual(['gone/inner']);
    });

    it('can race with writes of neighbours', async () => {
      const lane = async (name: string): Promise<void> => {
        for (let round = 0; round < 100; round += 1) {
          await store().put(`${folder()}deep/er/${name}`, 'x');
          await store().delete(`${folder()}deep/er/${name}`);
        }
      };
      await Promise.all(['a', 'b', 'c', 'd'].map(lane));
      await store().put(`${folder()}deep/er/a`, 'last');
      expect(await keysUnder(store(), folder())).toEqual(['deep/er/a']);
    });
  });
}

async function digest(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

async function* hollowStream(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array();
  yield new Uint8Array();
}

async function* failing(bytes: number, failure: Error): AsyncGenerator<Uint8Array> {
  yield* pattern(bytes);
  throw failure;
}

async function* stalling(bytes: number, onStall: () => void): AsyncGenerator<Uint8Array> {
  yield* pattern(bytes);
  onStall();
  await new Promise(() => undefined);
}
