import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { PageImage } from '../engine.ts';
import type { Ocr, OcrFault, Recognition } from './page-ocr.ts';
import { ocrSettings } from './ocr-settings.ts';
import { openTesseract, type TesseractOptions } from './tesseract.ts';

const SOUND = { version: 'tesseract 5.3.0', languages: 'eng\nfra\nosd' };
const PIXEL: PageImage = { page: 1, width: 2, height: 1, dpi: 300, pixels: Uint8Array.of(0, 255) };
/** The kernel holds root to no number of processes. */
const isRoot = process.getuid?.() === 0;

/** A program that calls itself tesseract; `recognise` is what it does with an image. */
function program({ version, languages }: typeof SOUND, recognise = 'exit 0'): string {
  const folder = mkdtempSync(join(tmpdir(), 'tesseract-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'tesseract');
  const answers = `--version) echo "${version}" ;;\n--list-langs) echo "List of available languages"; echo "${languages}" ;;`;
  writeFileSync(path, `#!/bin/sh\ncase "$1" in\n${answers}\n*) ${recognise} ;;\nesac\n`);
  chmodSync(path, 0o755);
  return path;
}

async function opened(recognise: string, options: TesseractOptions = {}): Promise<Ocr> {
  const ocr = await openTesseract({ program: program(SOUND, recognise), ...options });
  onTestFinished(() => ocr.close());
  return ocr;
}

async function recognised(ocr: Ocr, signal?: AbortSignal): Promise<Recognition | OcrFault> {
  const options = { languages: ['fra', 'eng'], ...(signal === undefined ? {} : { signal }) };
  return await ocr.recognise(() => Promise.resolve(PIXEL), options);
}

/** A shell's word for a row of tesseract's table with one word, which is what the command says. */
function saying(command: string): string {
  return `printf '5\\t1\\t1\\t1\\t1\\t1\\t0\\t0\\t1\\t1\\t90\\t%s\\n' "$(${command})"`;
}

describe('opening tesseract', () => {
  it('tells its version and the languages that it lacks', async () => {
    const ocr = await opened('exit 0', { languages: ['eng'] });
    expect(ocr.engine).toEqual({ name: 'tesseract', version: '5.3.0' });
    expect(ocr.languages).toEqual(['eng']);
    expect(ocr.missing(['deu', 'fra', 'osd'])).toEqual(['deu', 'osd']);
  });

  it.each([
    ['a path that leads nowhere', () => ({ program: '/nowhere/tesseract' }), /no program "\/nowhere/],
    ['a relative path', () => ({ program: 'tesseract' }), /absolute path/],
    [
      'another program',
      () => ({ program: program({ ...SOUND, version: 'gocr 1' }) }),
      /does not call itself/,
    ],
    [
      'an old version',
      () => ({ program: program({ ...SOUND, version: 'tesseract 3.05' }) }),
      /3\.05, expected 4/,
    ],
    ['a broken program', () => ({ program: '/bin/false' }), /"\/bin\/false --version" failed.*exit code 1/],
    [
      'missing languages',
      () => ({ program: program(SOUND), languages: ['fra', 'chi_sim', 'deu'] }),
      /no data for chi_sim, deu, only for eng, fra.*tesseract-ocr-chi-sim tesseract-ocr-deu/,
    ],
    ['no language', () => ({ languages: [] }), /expected one to four names/],
    ['a language twice', () => ({ languages: ['fra', 'fra'] }), /each once/],
    ['a language that is a path', () => ({ languages: ['../fra'] }), /expected one to four names/],
    ['no process', () => ({ processes: 0 }), /processes is 0/],
    ['a limit of nothing', () => ({ limits: { pageMs: 0 } }), /pageMs is 0/],
  ])('refuses %s', async (_, options, message) => {
    const error: unknown = await openTesseract(options()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'invalid_options',
      message: expect.stringMatching(message) as string,
    });
  });
});

describe('settings of OCR', () => {
  it('are off, or scanned with French and English', () => {
    expect(ocrSettings({})).toBeUndefined();
    expect(ocrSettings({ LONGSHORE_OCR: 'off' })).toBeUndefined();
    expect(ocrSettings({ LONGSHORE_OCR: 'scanned' })).toEqual({ languages: ['fra', 'eng'] });
    expect(
      ocrSettings({
        LONGSHORE_OCR: 'scanned',
        LONGSHORE_OCR_LANGUAGES: 'deu, eng',
        LONGSHORE_TESSERACT_PATH: '/opt/tesseract',
      }),
    ).toEqual({ languages: ['deu', 'eng'], program: '/opt/tesseract' });
    expect(() => ocrSettings({ LONGSHORE_OCR: 'on' })).toThrow('LONGSHORE_OCR is "on", expected');
  });
});

describe('a process of tesseract', () => {
  it('gets an image whose header is ours, and fixed arguments', async () => {
    const ocr = await opened(saying('echo "$*"; od -An -c'));
    const result = await recognised(ocr);
    const text = 'text' in result ? result.text.replaceAll(/\s+/g, ' ') : '';
    expect(text).toContain('stdin stdout -l fra+eng --dpi 300 --psm 3 -c tessedit_create_tsv=1');
    expect(result).toMatchObject({ kind: 'ok', confidence: 0.9 });
  });

  it.runIf(isRoot)('has no environment of its worker', async () => {
    const result = await recognised(await opened(saying("tr '\\0' ' ' < /proc/$$/environ")));
    expect(result).toMatchObject({ text: 'OMP_THREAD_LIMIT=1' });
  });

  it.runIf(isRoot)('is held by the kernel', async () => {
    const ocr = await opened(saying("tr '\\n' ';' < /proc/$$/limits | tr -s ' '"), {
      limits: { pageMs: 5_000 },
    });
    const result = await recognised(ocr);
    const text = 'text' in result ? result.text : '';
    for (const limit of [
      'Max address space 805306368 805306368',
      'Max core file size 0 0',
      'Max file size 0 0',
      'Max processes 0 0',
      'Max open files 32 32',
      'Max cpu time 7 9',
    ])
      expect(text).toContain(limit);
  });

  it('that loops ends as timed_out, and that waits too', async () => {
    const limits = { pageMs: 300 };
    const reason = 'Not recognised within';
    for (const script of ['while :; do :; done', 'kill -STOP $$'])
      expect(await recognised(await opened(script, { limits }))).toMatchObject({
        code: 'timed_out',
        reason: expect.stringContaining(reason) as string,
      });
  });

  it('that says more than a page can hold ends as engine_crashed', async () => {
    expect(
      await recognised(await opened('while :; do echo 0123456789012345678901234567890; done')),
    ).toMatchObject({
      code: 'engine_crashed',
      reason: 'Tesseract wrote more than 8 MiB',
    });
  });

  it('that crashes is told with its last words', async () => {
    expect(await recognised(await opened('echo "Image too small to scale" >&2; exit 1'))).toEqual({
      kind: 'failed',
      code: 'engine_crashed',
      reason: 'Tesseract failed (exit code 1: Image too small to scale)',
    });
  });

  it('that somebody else kills is nobody’s fault', async () => {
    expect(await recognised(await opened('kill -KILL $$'))).toMatchObject({
      kind: 'killed',
      reason: expect.stringContaining('signal SIGKILL') as string,
    });
  });

  it.runIf(isRoot)('is killed with what it started', async () => {
    const controller = new AbortController();
    const seconds = String(100_000 + process.pid);
    const running = recognised(await opened(`sleep ${seconds} & wait`), controller.signal);
    await expect.poll(() => processesWith(seconds)).toBe(1);
    controller.abort(new Error('lease lost'));
    await expect(running).rejects.toThrow('lease lost');
    await expect.poll(() => processesWith(seconds)).toBe(0);
  });
});

describe('pages', () => {
  it('are drawn when it is their turn', async () => {
    const ocr = await opened(saying('echo word'), { processes: 2 });
    let drawn = 0;
    const { promise: gate, resolve: open } = Promise.withResolvers<PageImage>();
    const draw = (): Promise<PageImage> => {
      drawn += 1;
      return gate;
    };
    const all = Array.from({ length: 5 }, () => ocr.recognise(draw, { languages: ['fra'] }));
    await new Promise(setImmediate);
    expect(drawn).toBe(2);
    open(PIXEL);
    expect(await Promise.all(all)).toHaveLength(5);
    expect(drawn).toBe(5);
  });
});

/** Processes with this word in their command line. */
function processesWith(word: string): number {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(word);
      } catch {
        return false;
      }
    }).length;
}
