/**
 * Thumbnails: an image in the object store becomes small ones beside it. The same image and width always write the same
 * object, so a job that comes twice does no harm.
 */
import { bury, defineJob, type Directive } from '@longshore/job';
import { readBytes } from '@longshore/objects';
import { handle, type HandlerBinding, type HandlerContext } from '@longshore/worker';
import { Jimp, JimpMime } from 'jimp';
import { z } from 'zod';
import { imageHeader } from './image-header.ts';

const MAX_BYTES = 32 * 1024 * 1024;
/** 40 million pixels are 160 MB decoded: what one job may take, and a camera's picture of today. */
const MAX_PIXELS = 40_000_000;

const payload = z.object({
  key: z.string().min(1),
  widthsPixels: z.array(z.int().min(16).max(2_048)).min(1).max(8),
});

export const makeThumbnail = defineJob({
  name: 'make-thumbnail',
  schema: payload,
  retry: { maxAttempts: 3 },
  timeoutMs: 60_000,
  // Two such images fit beside each other only where there is room for both.
  cost: { memoryMiB: 400 },
});

/** Where a thumbnail lies. */
export function thumbnailKey(key: string, widthPixels: number): string {
  return `thumbnails/${widthPixels}/${key}`;
}

export const thumbnailHandlers: readonly HandlerBinding[] = [handle(makeThumbnail, run)];

async function run({
  payload: { key, widthsPixels },
  objects,
  signal,
  log,
}: HandlerContext<z.infer<typeof payload>>): Promise<Directive | undefined> {
  const info = await objects.head(key, { signal });
  if (info === undefined) return bury('object_missing', `There is no image at "${key}"`);
  if (info.bytes > MAX_BYTES)
    return bury('too_large', `"${key}" has ${info.bytes} bytes, at most ${MAX_BYTES}`);
  const bytes = await readBytes(objects, key, { signal });
  const header = bytes === undefined ? undefined : imageHeader(bytes);
  if (bytes === undefined || header === undefined) return bury('corrupt', `"${key}" is no PNG and no JPEG`);
  const pixels = header.widthPixels * header.heightPixels;
  if (pixels === 0 || pixels > MAX_PIXELS)
    return bury('too_large', `"${key}" claims ${header.widthPixels} x ${header.heightPixels} pixels`);
  // Decoding takes the event loop for up to seconds. The job's lease does not mind: it is kept on another thread.
  const image = await Jimp.read(Buffer.from(bytes)).catch((error: unknown) => String(error));
  if (typeof image === 'string') return bury('corrupt', `"${key}" cannot be decoded: ${image}`);
  for (const widthPixels of widthsPixels) {
    signal.throwIfAborted();
    const small = image.clone();
    // Never larger than it is: that would add bytes and no detail.
    if (widthPixels < image.width) small.resize({ w: widthPixels });
    const encoded = await (header.kind === 'png'
      ? small.getBuffer(JimpMime.png)
      : small.getBuffer(JimpMime.jpeg, { quality: 80 }));
    await objects.put(thumbnailKey(key, widthPixels), encoded, {
      contentType: header.kind === 'png' ? JimpMime.png : JimpMime.jpeg,
      signal,
    });
  }
  log.info({ key, widthPixels: image.width, heightPixels: image.height }, 'Thumbnails made');
  return undefined;
}
