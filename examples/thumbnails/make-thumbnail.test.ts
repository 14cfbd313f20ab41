import { readBytes } from '@longshore/objects';
import { memoryObjectStore } from '@longshore/objects/memory';
import { createProducer, listDeadLetters } from '@longshore/queue';
import { memoryQueue } from '@longshore/queue/memory';
import { createWorker } from '@longshore/worker';
import { Jimp, JimpMime, rgbaToInt } from 'jimp';
import { describe, expect, it } from 'vitest';
import { imageHeader } from './image-header.ts';
import { makeThumbnail, thumbnailHandlers, thumbnailKey } from './make-thumbnail.ts';

/** The left half red, the right half blue and half transparent. */
function picture(width: number, height: number) {
  const image = new Jimp({ width, height, color: 0xff0000ff });
  for (let x = Math.ceil(width / 2); x < width; x += 1)
    for (let y = 0; y < height; y += 1) image.setPixelColor(0x0000ff80, x, y);
  return image;
}

const png = (width: number, height: number): Promise<Buffer> =>
  picture(width, height).getBuffer(JimpMime.png);
const jpeg = (width: number, height: number): Promise<Buffer> =>
  picture(width, height).getBuffer(JimpMime.jpeg);

/** Runs a job for each image to its end. */
async function thumbnailsOf(images: Readonly<Record<string, Uint8Array>>, widthsPixels: number[]) {
  const objects = memoryObjectStore();
  const deadLetters = memoryQueue({ name: 'thumbnails-dlq' });
  const queue = memoryQueue({ name: 'thumbnails', deadLetters });
  const producer = createProducer({ queueFor: () => queue });
  for (const [key, bytes] of Object.entries(images)) {
    if (bytes.length > 0) await objects.put(key, bytes);
    await producer.enqueue(makeThumbnail, { key, widthsPixels });
  }
  const worker = createWorker({ queue, objects, slots: 4, handlers: thumbnailHandlers });
  await worker.tick();
  const letters = await listDeadLetters(deadLetters, { limit: 10 });
  const read = async (key: string, widthPixels: number): Promise<Buffer> =>
    Buffer.from((await readBytes(objects, thumbnailKey(key, widthPixels))) ?? []);
  return { objects, read, dead: letters.map(({ code, reason }) => `${code}: ${reason}`) };
}

describe('Thumbnails', () => {
  it('have the width that was asked for, the proportions and the colours of the image', async () => {
    const { read, dead } = await thumbnailsOf(
      { 'a.png': await png(400, 200), 'b.jpg': await jpeg(300, 600) },
      [100],
    );
    expect(dead).toEqual([]);
    const [a, b] = [await Jimp.read(await read('a.png', 100)), await Jimp.read(await read('b.jpg', 100))];
    expect([a.width, a.height, b.width, b.height]).toEqual([100, 50, 100, 200]);
    expect([a.getPixelColor(10, 25), a.getPixelColor(90, 25)]).toEqual([
      rgbaToInt(255, 0, 0, 255),
      rgbaToInt(0, 0, 255, 0x80),
    ]);
    expect([
      imageHeader(await read('a.png', 100))?.kind,
      imageHeader(await read('b.jpg', 100))?.kind,
    ]).toEqual(['png', 'jpeg']);
  });

  it('are made in all widths, and never larger than the image', async () => {
    const { read } = await thumbnailsOf({ 'a.png': await png(64, 32) }, [16, 640]);
    expect(imageHeader(await read('a.png', 16))).toMatchObject({ widthPixels: 16, heightPixels: 8 });
    expect(imageHeader(await read('a.png', 640))).toMatchObject({ widthPixels: 64, heightPixels: 32 });
  });

  it('are not made of what is no image, is cut off, or claims to be huge', async () => {
    const bomb = Buffer.from(await png(4, 4));
    bomb.writeUInt32BE(50_000, 16);
    bomb.writeUInt32BE(50_000, 20);
    const whole = await png(200, 200);
    const { dead, objects } = await thumbnailsOf(
      {
        'bomb.png': bomb,
        'cut.png': whole.subarray(0, whole.length / 2),
        'missing.png': new Uint8Array(),
        'text.png': Buffer.from('not a picture'),
      },
      [100],
    );
    expect(dead.toSorted()).toEqual([
      expect.stringContaining('corrupt: "cut.png" cannot be decoded'),
      'corrupt: "text.png" is no PNG and no JPEG',
      'object_missing: There is no image at "missing.png"',
      'too_large: "bomb.png" claims 50000 x 50000 pixels',
    ]);
    expect(await Array.fromAsync(objects.list('thumbnails/'))).toEqual([]);
  });
});
