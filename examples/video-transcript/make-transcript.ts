/**
 * Transcripts: the captions of a video become clean WebVTT and a text to read. Captions are an uploaded file, `.vtt` or
 * `.srt`, or what a program makes of the video.
 */
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { bury, defineJob, LongshoreError, type Directive } from '@longshore/job';
import { readText, type ObjectStore } from '@longshore/objects';
import { handle, type HandlerBinding, type HandlerContext } from '@longshore/worker';
import { z } from 'zod';
import type { CaptionSource } from './caption-source.ts';
import { parseCaptions, withoutRepeats, writeVtt } from './captions.ts';
import { paragraphs, readableText } from './paragraphs.ts';

const payload = z.object({ key: z.string().min(1) });

export const makeTranscript = defineJob({
  name: 'make-transcript',
  schema: payload,
  retry: { maxAttempts: 3 },
  // A speech engine takes about as long as the video.
  timeoutMs: 3 * 3_600_000,
});

/** The handlers. `captions` is asked for what is no caption file. */
export function transcriptHandlers({ captions }: { readonly captions: CaptionSource }): HandlerBinding[] {
  return [handle(makeTranscript, (context) => run(context, captions))];
}

async function run(
  { payload: { key }, objects, signal, log }: HandlerContext<z.infer<typeof payload>>,
  captions: CaptionSource,
): Promise<Directive | undefined> {
  const isCaptions = ['.vtt', '.srt'].includes(extname(key).toLowerCase());
  const text = isCaptions
    ? await readText(objects, key, { signal })
    : await captionsOfVideo(key, { objects, signal, captions });
  if (text === undefined) return bury('object_missing', `There is nothing at "${key}"`);
  const parsed = parseCaptions(text);
  if (parsed === undefined) return bury('corrupt', `The captions of "${key}" are neither WebVTT nor SubRip`);
  const cues = withoutRepeats(parsed);
  const list = paragraphs(cues);
  const write = (kind: string, body: string, contentType: string): Promise<unknown> =>
    objects.put(`transcripts/${key}.${kind}`, body, { contentType: `${contentType}; charset=utf-8`, signal });
  await write('vtt', writeVtt(cues), 'text/vtt');
  await write('json', JSON.stringify(list), 'application/json');
  // Last, so that who finds the text finds all.
  await write('txt', readableText(list), 'text/plain');
  log.info({ key, cues: cues.length, paragraphs: list.length }, 'Transcript made');
  return undefined;
}

/** Programs want a file: the video is streamed into one, for as long as it is needed. */
async function captionsOfVideo(
  key: string,
  { objects, signal, captions }: { objects: ObjectStore; signal: AbortSignal; captions: CaptionSource },
): Promise<string | undefined> {
  const video = await objects.get(key, { signal });
  if (video === undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'transcript-'));
  try {
    // A name of ours: a key could be read as an option.
    const file = join(folder, 'video');
    await pipeline(video.body, createWriteStream(file), { signal });
    return await captions(file, { signal });
  } catch (error) {
    if (error instanceof LongshoreError) throw error;
    throw new LongshoreError('handler_failed', `Cannot make captions of "${key}": ${String(error)}`, {
      cause: error,
      retryable: true,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
