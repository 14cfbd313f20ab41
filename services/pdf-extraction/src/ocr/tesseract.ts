/**
 * Tesseract, a program that the operator's image installs, as the OCR of extraction: one process for each page, as many at a
 * time as there are processors for them.
 */
import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { LongshoreError } from '@longshore/job';
import type { PageImage } from '../engine.ts';
import { bitmap } from './bitmap.ts';
import {
  DEFAULT_OCR_LIMITS,
  ocrLanguages,
  ocrLimits,
  type Ocr,
  type OcrFault,
  type OcrLimits,
  type Recognition,
  type RecogniseOptions,
} from './page-ocr.ts';
import { readTsv } from './read-tsv.ts';
import { runTesseract } from './run-tesseract.ts';
import { turns, type Turns } from './turns.ts';

/** Options of {@link openTesseract}. */
export interface TesseractOptions {
  /** Absolute path of the program. Default: where packages of Linux and macOS put it. */
  readonly program?: string;
  /** Languages where a job does not name others, in the order of their weight, 1 to 4. Default French and English. */
  readonly languages?: readonly string[];
  /** Pages that are recognised at a time. Default 1. */
  readonly processes?: number;
  readonly limits?: Partial<OcrLimits>;
}

/** The languages that documents have where nobody says otherwise. */
export const DEFAULT_OCR_LANGUAGES: readonly string[] = ['fra', 'eng'];

const FOLDERS = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'];
const OLDEST_MAJOR = 4;
const OFF = 'or leave OCR off';
/**
 * Columns and reading order by the page's layout, for pages that stand or lie; or after a look at where its top is, which
 * takes a sixth longer and needs the data `osd`.
 */
const LAYOUT = { upright: '3', anyWay: '1' } as const;
type Layout = (typeof LAYOUT)[keyof typeof LAYOUT];
const ORIENTATION_DATA = 'osd';
/** Measured: clean print has 0.95, poor print 0.8, print that stands on its head 0.46. */
const DOUBTFUL_CONFIDENCE = 0.65;

/**
 * Finds tesseract and asks it for its version and languages.
 *
 * @throws LongshoreError `invalid_options` when there is no such program, it does not run, is older than version 4, or lacks
 * data for a language
 */
export async function openTesseract(options: TesseractOptions = {}): Promise<Ocr> {
  const { processes = 1 } = options;
  if (!Number.isInteger(processes) || processes < 1)
    throw unusable(`processes is ${processes}, expected a whole number from 1`);
  const limits = ocrLimits(options.limits);
  const languages = ocrLanguages.safeParse(options.languages ?? DEFAULT_OCR_LANGUAGES);
  if (!languages.success)
    throw unusable(
      `its languages are "${options.languages?.join(',') ?? ''}", expected one to four names such as "fra", each once`,
    );
  const program = findProgram(options.program);
  const ask = (question: string): Promise<string> => askProgram(program, question);
  const version = readVersion(await ask('--version'), program);
  const installed = readLanguages(await ask('--list-langs'));
  const tesseract = new Tesseract(program, {
    version,
    installed,
    languages: languages.data,
    limits,
    turns: turns(processes),
  });
  const missing = tesseract.missing(languages.data);
  if (missing.length > 0)
    throw unusable(
      `"${program}" has no data for ${missing.join(', ')}, only for ${tesseract.installed.join(', ')}: install it (Debian: apt-get install ${missing.map((name) => `tesseract-ocr-${name.replaceAll('_', '-')}`).join(' ')}), name other languages ${OFF}`,
    );
  return tesseract;
}

function findProgram(path: string | undefined): string {
  if (path !== undefined) {
    if (isAbsolute(path) && existsSync(path)) return path;
    throw unusable(`there is no program "${path}": expected its absolute path, ${OFF}`);
  }
  const found = FOLDERS.map((folder) => join(folder, 'tesseract')).find((candidate) => existsSync(candidate));
  if (found !== undefined) return found;
  throw unusable(
    `there is no tesseract in ${FOLDERS.join(', ')}: install it (Debian: apt-get install tesseract-ocr tesseract-ocr-fra tesseract-ocr-eng), say where it is ${OFF}`,
  );
}

async function askProgram(program: string, question: string): Promise<string> {
  const end = await runTesseract({ program, args: [question], limits: DEFAULT_OCR_LIMITS });
  if (end.kind === 'done') return end.stdout;
  throw unusable(`"${program} ${question}" failed: ${end.reason}; repair the installation ${OFF}`);
}

/** `tesseract 5.3.0`, or with a `v` before the number. */
function readVersion(said: string, program: string): string {
  const version = /^tesseract v?(\d\S*)/.exec(said)?.[1];
  if (version === undefined) throw unusable(`"${program}" does not call itself tesseract`);
  if (Number.parseInt(version, 10) < OLDEST_MAJOR)
    throw unusable(`"${program}" is version ${version}, expected ${OLDEST_MAJOR} or later`);
  return version;
}

/** A line that says where they are, then one for each. */
function readLanguages(said: string): ReadonlySet<string> {
  return new Set(
    said
      .split('\n')
      .slice(1)
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  );
}

function unusable(fault: string): LongshoreError {
  return new LongshoreError('invalid_options', `Cannot switch OCR on: ${fault}`);
}

class Tesseract implements Ocr {
  readonly engine: Ocr['engine'];
  readonly languages: readonly string[];
  readonly limits: OcrLimits;
  readonly #program: string;
  readonly #installed: ReadonlySet<string>;
  readonly #hasOrientation: boolean;
  readonly #turns: Turns;
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(
    program: string,
    options: Pick<Ocr, 'languages' | 'limits'> & {
      readonly version: string;
      readonly installed: ReadonlySet<string>;
      readonly turns: Turns;
    },
  ) {
    this.engine = { name: 'tesseract', version: options.version };
    this.languages = options.languages;
    this.limits = options.limits;
    this.#program = program;
    this.#installed = new Set([...options.installed].filter((name) => name !== ORIENTATION_DATA));
    this.#hasOrientation = options.installed.has(ORIENTATION_DATA);
    this.#turns = options.turns;
  }

  get installed(): readonly string[] {
    return [...this.#installed];
  }

  missing(languages: readonly string[]): readonly string[] {
    return languages.filter((name) => !this.#installed.has(name));
  }

  async recognise(
    draw: () => Promise<PageImage | OcrFault>,
    { languages, signal }: RecogniseOptions,
  ): Promise<Recognition | OcrFault> {
    const closing = this.#closing.signal;
    const ended = signal === undefined ? closing : AbortSignal.any([signal, closing]);
    return await this.#turns.take(ended, async () => {
      const image = await draw();
      ended.throwIfAborted();
      if ('kind' in image) return image;
      const bytes = bitmap(image);
      const run = (layout: Layout): Promise<Recognition | OcrFault> =>
        this.#run(bytes, ['-l', languages.join('+'), ...resolution(image), '--psm', layout], ended);
      const first = await run(LAYOUT.upright);
      if (!this.#hasOrientation || !isDoubtful(first)) return first;
      const turned = await run(LAYOUT.anyWay);
      return isSurer(turned, first) ? turned : first;
    });
  }

  async close(): Promise<void> {
    this.#closing.abort(new LongshoreError('closed', 'OCR is closed'));
    await Promise.allSettled(this.#underWay);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(
    input: Uint8Array,
    how: readonly string[],
    signal: AbortSignal,
  ): Promise<Recognition | OcrFault> {
    const args = ['stdin', 'stdout', ...how, '-c', 'tessedit_create_tsv=1'];
    const run = runTesseract({ program: this.#program, args, input, limits: this.limits, signal });
    this.#underWay.add(run);
    const end = await run.finally(() => this.#underWay.delete(run));
    return end.kind === 'done' ? readTsv(end.stdout) : end;
  }
}

function resolution({ dpi }: PageImage): string[] {
  return ['--dpi', String(Math.max(1, Math.round(dpi)))];
}

function isDoubtful(result: Recognition | OcrFault): boolean {
  return result.kind === 'ok' && result.confidence !== undefined && result.confidence < DOUBTFUL_CONFIDENCE;
}

function isSurer(result: Recognition | OcrFault, than: Recognition | OcrFault): boolean {
  if (result.kind !== 'ok' || than.kind !== 'ok') return false;
  return (result.confidence ?? 0) > (than.confidence ?? 0);
}
