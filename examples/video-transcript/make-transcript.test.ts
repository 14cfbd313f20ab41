import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readText } from '@longshore/objects';
import { memoryObjectStore } from '@longshore/objects/memory';
import { createProducer, listDeadLetters } from '@longshore/queue';
import { memoryQueue } from '@longshore/queue/memory';
import { createWorker } from '@longshore/worker';
import { describe, expect, it } from 'vitest';
import { captionsByCommand, FFMPEG_CAPTIONS } from './caption-source.ts';
import { parseCaptions, withoutRepeats, writeVtt } from './captions.ts';
import { makeTranscript, transcriptHandlers } from './make-transcript.ts';

const VTT = `WEBVTT - a talk

NOTE Made by hand

STYLE
::cue { color: red }

1
00:00:01.000 --> 00:00:03.000 align:start
<v.loud Ada>Queues &amp; workers
are <i>simple</i>.

00:03.200 --> 00:05.000
Mostly.

00:07.000 --> 00:08.000
<v Grace>Are they?

01:00:00.500 --> 01:00:02.000
<v Ada>Yes.
`;

const SRT =
  '1\r\n00:00:01,000 --> 00:00:02,500\r\n{\\an8}Bonjour à tous.\r\n\r\n2\r\n00:00:02,600 --> 00:00:04,000\r\n<b>Ça va ?</b>\r\n';

/** A stand-in for a speech engine: a real program that reads the file it is given, and answers as one does. */
const ECHO = [
  process.execPath,
  '-e',
  "process.stdout.write(require('fs').readFileSync(process.argv[1]))",
  '{file}',
];

async function transcribe(files: Readonly<Record<string, string>>, command: readonly string[] = ECHO) {
  const objects = memoryObjectStore();
  const deadLetters = memoryQueue({ name: 'transcripts-dlq' });
  const queue = memoryQueue({ name: 'transcripts', deadLetters });
  const producer = createProducer({ queueFor: () => queue });
  for (const [key, text] of Object.entries(files)) {
    if (text !== '') await objects.put(key, text);
    await producer.enqueue(makeTranscript, { key });
  }
  const handlers = transcriptHandlers({ captions: captionsByCommand(command) });
  const worker = createWorker({ queue, objects, slots: 3, handlers });
  await worker.tick();
  const letters = await listDeadLetters(deadLetters, { limit: 10 });
  return {
    read: (key: string) => readText(objects, `transcripts/${key}`),
    dead: letters.map(({ code }) => code).toSorted(),
    counts: await queue.counts(),
  };
}

describe('A transcript', () => {
  it('has a paragraph for each speaker, and clean captions', async () => {
    const { read, dead } = await transcribe({ 'talk.vtt': VTT, 'mot.srt': SRT });
    expect(dead).toEqual([]);
    expect(await read('talk.vtt.txt')).toBe(
      'Ada: Queues & workers are simple. Mostly.\n\nGrace: Are they?\n\nAda: Yes.\n',
    );
    expect(await read('mot.srt.txt')).toBe('Bonjour à tous. Ça va ?\n');
    expect(await read('talk.vtt.vtt')).toContain(
      '00:00:01.000 --> 00:00:03.000\n<v Ada>Queues &amp; workers are simple.\n',
    );
    expect(JSON.parse((await read('talk.vtt.json')) ?? '')).toMatchObject([
      { startMs: 1_000, speaker: 'Ada' },
      { startMs: 7_000, speaker: 'Grace' },
      { startMs: 3_600_500, speaker: 'Ada' },
    ]);
  });

  it('of a video is made of what a program gives for it', async () => {
    const { read, dead } = await transcribe({ '--help.mp4': SRT });
    expect(dead).toEqual([]);
    expect(await read('--help.mp4.txt')).toBe('Bonjour à tous. Ça va ?\n');
  });

  it('is not made of nothing, nor of what are no captions', async () => {
    const { dead } = await transcribe({ 'missing.vtt': '', 'page.srt': '<html>\n\nno captions\n\n</html>' });
    expect(dead).toEqual(['corrupt', 'object_missing']);
  });

  it('waits for a program that is not installed, and no attempt is counted', async () => {
    const { dead, counts } = await transcribe({ 'a.mp4': 'x' }, ['no-such-program', '{file}']);
    expect(dead).toEqual([]);
    expect(counts.backlog + counts.inFlight).toBe(1);
  });

  it.skipIf(spawnSync('ffmpeg', ['-version']).error !== undefined)(
    'is made of the caption track of a real video, where ffmpeg is installed',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'transcript-test-'));
      await writeFile(join(folder, 'in.srt'), SRT);
      const made = spawnSync('ffmpeg', ['-i', join(folder, 'in.srt'), join(folder, 'video.mkv')]);
      expect(made.status).toBe(0);
      const text = await captionsByCommand(FFMPEG_CAPTIONS)(join(folder, 'video.mkv'), {
        signal: AbortSignal.timeout(10_000),
      });
      expect((await readFile(join(folder, 'video.mkv'))).length).toBeGreaterThan(0);
      expect(parseCaptions(text)?.map(({ text: said }) => said)).toEqual(['Bonjour à tous.', 'Ça va ?']);
      await rm(folder, { recursive: true });
    },
  );
});

describe('A program for captions', () => {
  it('that fails says why', async () => {
    const source = captionsByCommand([process.execPath, '-e', "console.error('no audio'); process.exit(3)"]);
    await expect(source('x', { signal: new AbortController().signal })).rejects.toThrow(
      'gave no captions: no audio',
    );
  });

  it('that hangs is killed with its job, and that floods is stopped', async () => {
    const abort = new AbortController();
    const hanging = captionsByCommand([process.execPath, '-e', 'setInterval(() => {}, 1000)'])('x', {
      signal: abort.signal,
    });
    abort.abort(new Error('timed out'));
    await expect(hanging).rejects.toThrow('timed out');
    const flood = captionsByCommand([
      process.execPath,
      '-e',
      "for (;;) require('fs').writeSync(1, 'x'.repeat(65536))",
    ]);
    await expect(flood('x', { signal: new AbortController().signal })).rejects.toThrow('more than');
  });
});

describe('Captions', () => {
  it('that roll up are said once', () => {
    const rolling = [
      'so today we will',
      'so today we will look at queues',
      'look at queues and at workers',
      'and at workers',
      'thank you thank you',
    ].map((text, index) => ({ startMs: index * 1_000, endMs: (index + 1) * 1_000, speaker: '', text }));
    expect(withoutRepeats(rolling).map(({ text }) => text)).toEqual([
      'so today we will',
      'look at queues',
      'and at workers',
      'thank you thank you',
    ]);
  });

  it('are read as they were written', () => {
    const cues = parseCaptions(VTT) ?? [];
    expect(parseCaptions(writeVtt(cues))).toEqual(cues);
    expect(parseCaptions('WEBVTT\n')).toEqual([]);
    expect(parseCaptions('')).toBeUndefined();
  });
});
