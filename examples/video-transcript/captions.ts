/** Captions: read from WebVTT or SubRip, made clean, written as WebVTT. */

/** One caption: what is said from when to when. */
export interface Cue {
  readonly startMs: number;
  readonly endMs: number;
  /** Empty where nobody is named. */
  readonly speaker: string;
  readonly text: string;
}

const TIMING = /^((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})\s+-->\s+((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})(?:\s|$)/;
const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&nbsp;': ' ',
  '&lrm;': '',
  '&rlm;': '',
};

/** The cues of a WebVTT or SubRip text, in the order of time; `undefined` when it is neither. */
export function parseCaptions(text: string): readonly Cue[] | undefined {
  const blocks = text
    .replace(/^\uFEFF/, '')
    .replaceAll(/\r\n?/g, '\n')
    .split(/\n{2,}/)
    .map((block) => block.split('\n').filter((line) => line.trim() !== ''));
  const cues = blocks.flatMap((lines) => cueOf(lines));
  const isVtt = /^(?:\uFEFF)?WEBVTT(?:[ \t\r\n]|$)/.test(text);
  if (cues.length === 0 && !isVtt) return undefined;
  return cues.toSorted((one, other) => one.startMs - other.startMs);
}

/** Comments, styles and regions have no timing, and no cue either. */
function cueOf(lines: readonly string[]): readonly Cue[] {
  const at = lines.findIndex((line) => TIMING.test(line));
  const [, start, end] = TIMING.exec(lines[at] ?? '') ?? [];
  // At most an identifier stands before the timing.
  if (start === undefined || end === undefined || at > 1) return [];
  const spoken = lines.slice(at + 1).join(' ');
  const speaker = /<v(?:\.[^\s>]*)?\s+([^>]+)>/.exec(spoken)?.[1]?.trim() ?? '';
  const text = plain(spoken);
  const [startMs, endMs] = [milliseconds(start), milliseconds(end)];
  return text === '' || endMs < startMs ? [] : [{ startMs, endMs, speaker, text }];
}

function plain(text: string): string {
  return text
    .replaceAll(/<[^>]*>|\{\\[^}]*\}/g, '')
    .replaceAll(/&[a-z]+;/g, (entity) => ENTITIES[entity] ?? entity)
    .replaceAll(/\s+/g, ' ')
    .trim();
}

function milliseconds(text: string): number {
  const [clock = '', fraction = ''] = text.split(/[.,]/);
  const seconds = clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return seconds * 1_000 + Number(fraction.padEnd(3, '0'));
}

/**
 * Takes out what captions repeat: live captions roll up, so each shows the last lines of the one before again, and
 * converters leave the same cue several times.
 */
export function withoutRepeats(cues: readonly Cue[]): readonly Cue[] {
  const kept: Cue[] = [];
  for (const cue of cues) {
    const last = kept.at(-1);
    const isSoon = last !== undefined && cue.startMs - last.endMs <= 100;
    const text = isSoon ? fresh(last.text, cue.text) : cue.text;
    if (text !== '') kept.push({ ...cue, text });
    else if (last !== undefined) kept.splice(-1, 1, { ...last, endMs: Math.max(last.endMs, cue.endMs) });
  }
  return kept;
}

/** What of the words is new: those behind the longest end of the old that the new begins with. */
function fresh(before: string, now: string): string {
  const [old, words] = [before.split(' '), now.split(' ')];
  for (let count = Math.min(old.length, words.length); count > 0; count -= 1) {
    // Two words may meet by chance; three, or all there are, are a repeat.
    if (count < 3 && count < words.length) break;
    if (old.slice(-count).join(' ') === words.slice(0, count).join(' ')) return words.slice(count).join(' ');
  }
  return now;
}

/** WebVTT of the cues. */
export function writeVtt(cues: readonly Cue[]): string {
  const blocks = cues.map(({ startMs, endMs, speaker, text }) => {
    const voice = speaker === '' ? '' : `<v ${escaped(speaker)}>`;
    return `${clock(startMs)} --> ${clock(endMs)}\n${voice}${escaped(text)}\n`;
  });
  return ['WEBVTT\n', ...blocks].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function clock(ms: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const rest = String(Math.round(ms % 1_000)).padStart(3, '0');
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1_000) % 60)}.${rest}`;
}
