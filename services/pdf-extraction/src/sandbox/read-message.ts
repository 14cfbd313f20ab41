/** The worker's side of the pipe: a child that parsed hostile bytes is believed nothing that is not checked here. */
import { z } from 'zod';
import type { OutlineItem, PageImage } from '../engine.ts';
import type { Frame } from './frames.ts';
import { KIND, type ChildMessage } from './messages.ts';

const outlineItem: z.ZodType<OutlineItem> = z.object({
  title: z.string(),
  page: z.number().int().min(1).exactOptional(),
  get children() {
    return z.array(outlineItem).exactOptional();
  },
});

const metadataText = z.string().exactOptional();

const ready = z.object({ name: z.string(), version: z.string() });

const head = z.object({
  pageCount: z.number().int().min(0),
  metadata: z.object({
    title: metadataText,
    author: metadataText,
    subject: metadataText,
    keywords: metadataText,
    creator: metadataText,
    producer: metadataText,
    language: metadataText,
    createdAt: metadataText,
    modifiedAt: metadataText,
  }),
  attachments: z.array(z.object({ name: z.string() })).exactOptional(),
});

const outline = z.object({ outline: z.array(outlineItem) });

const page = z.object({
  page: z.number().int().min(1),
  label: z.string().exactOptional(),
  original: z.string().exactOptional(),
  textLayer: z.enum(['present', 'none', 'empty']),
  hasUnreadableText: z.boolean(),
  words: z.number().int().min(0),
  fields: z.array(z.object({ name: z.string(), value: z.string() })),
  links: z.array(
    z.object({ uri: z.string().exactOptional(), page: z.number().int().min(1).exactOptional() }),
  ),
});

/** Sides as readers of images take them. */
const side = z.number().int().min(1).max(32_767);

const image = z.object({
  page: z.number().int().min(1),
  width: side,
  height: side,
  dpi: z.number().positive(),
});

const failed = z.object({
  code: z.enum(['encrypted', 'corrupt', 'out_of_memory', 'engine_crashed']),
  reason: z.string(),
});

/** Reads a frame. @throws Error when it is no message. */
export function readMessage(frame: Frame): ChildMessage {
  const json: unknown = JSON.parse(frame.json.toString());
  switch (frame.kind) {
    case KIND.ready:
      return { kind: 'ready', ...ready.parse(json) };
    case KIND.head:
      return { kind: 'head', head: head.parse(json), bytes: frame.json.length };
    case KIND.outline:
      return { kind: 'outline', ...outline.parse(json), bytes: frame.json.length };
    case KIND.page:
      return { kind: 'page', page: { ...page.parse(json), text: frame.body.toString() } };
    case KIND.image:
      return { kind: 'image', image: readImage(image.parse(json), frame.body) };
    case KIND.done:
      return { kind: 'done' };
    case KIND.failed:
      return { kind: 'failed', ...failed.parse(json) };
    default:
      throw new Error(`Message of unknown kind ${frame.kind}`);
  }
}

function readImage(size: Omit<PageImage, 'pixels'>, pixels: Uint8Array): PageImage {
  const { width, height } = size;
  if (pixels.length !== width * height)
    throw new Error(`Image of ${width} by ${height} pixels in ${pixels.length} bytes`);
  return { ...size, pixels };
}
