import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReader, FrameTooLargeError, encodeFrame } from './frames.ts';

function collect(chunks: readonly Uint8Array[], maxBytes = 100_000): unknown[] {
  const frames: unknown[] = [];
  const reader = new FrameReader({
    maxBytes,
    onFrame: ({ kind, json, body }) => frames.push([kind, JSON.parse(json.toString()), [...body]]),
  });
  for (const chunk of chunks) reader.push(chunk);
  return frames;
}

describe('frames', () => {
  it('come out as they went in, however the pipe cuts them', () => {
    const frame = fc.tuple(
      fc.integer({ min: 0, max: 255 }),
      fc.dictionary(fc.string(), fc.string()),
      fc.uint8Array({ maxLength: 300 }),
    );
    fc.assert(
      fc.property(
        fc.array(frame),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
        (frames, cuts) => {
          const stream = Buffer.concat(
            frames.flatMap(([kind, json, body]) => [encodeFrame(kind, json, body.length), body]),
          );
          const chunks: Uint8Array[] = [];
          for (let offset = 0, index = 0; offset < stream.length; index += 1) {
            const end = offset + (cuts[index % cuts.length] ?? 1);
            chunks.push(stream.subarray(offset, end));
            offset = end;
          }
          expect(collect(chunks)).toEqual(frames.map(([kind, json, body]) => [kind, { ...json }, [...body]]));
        },
      ),
    );
  });

  it('are refused above the limit before their bytes are read', () => {
    expect(() => collect([encodeFrame(1, {}, 100_000)])).toThrow(FrameTooLargeError);
  });

  it('are refused when their lengths contradict each other', () => {
    expect(() => collect([Buffer.from([0, 0, 0, 2, 1, 1])])).toThrow('less than a header');
    expect(() => collect([Buffer.from([0, 0, 0, 5, 1, 0, 0, 0, 9])])).toThrow('announces 9 bytes of JSON');
  });
});
