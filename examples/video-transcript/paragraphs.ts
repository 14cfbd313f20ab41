/** Captions as text to read: sentences joined, a paragraph for each speaker and after each pause. */
import type { Cue } from './captions.ts';

/** A paragraph, with where to find it in the video. */
export interface Paragraph {
  readonly startMs: number;
  readonly speaker: string;
  readonly text: string;
}

/** A pause of two seconds is a new thought, where a sentence has ended; without full stops, eight are. */
const PAUSE_MS = 2_000;
const LONG_PAUSE_MS = 8_000;
/** Longer ones are cut at the next end of a sentence. */
const MAX_CHARACTERS = 700;

/** The paragraphs, in order. */
export function paragraphs(cues: readonly Cue[]): readonly Paragraph[] {
  const made: { startMs: number; endMs: number; speaker: string; text: string }[] = [];
  for (const { startMs, endMs, speaker, text } of cues) {
    const last = made.at(-1);
    if (last === undefined || isNew(last, { startMs, speaker })) made.push({ startMs, endMs, speaker, text });
    else Object.assign(last, { endMs, text: `${last.text} ${text}` });
  }
  return made.map(({ startMs, speaker, text }) => ({ startMs, speaker, text }));
}

function isNew(
  last: { readonly endMs: number; readonly speaker: string; readonly text: string },
  next: { readonly startMs: number; readonly speaker: string },
): boolean {
  // Captions name a speaker once; who is not named goes on.
  if (next.speaker !== '' && next.speaker !== last.speaker) return true;
  const pauseMs = next.startMs - last.endMs;
  const hasEnded = /[.!?…。！？]["»”')\]]?$/u.test(last.text);
  return (
    pauseMs >= LONG_PAUSE_MS || (hasEnded && (pauseMs >= PAUSE_MS || last.text.length >= MAX_CHARACTERS))
  );
}

/** The text of the paragraphs, a speaker's name before each that has one. */
export function readableText(list: readonly Paragraph[]): string {
  return list.map(({ speaker, text }) => `${speaker === '' ? '' : `${speaker}: `}${text}\n`).join('\n');
}
