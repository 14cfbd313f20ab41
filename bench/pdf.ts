/**
 * The extraction of PDFs beside its peers, on this machine, in one run: speed, isolation, a book, agreement, hostile
 * documents. Peers and variants take turns, each in a process of its own. A missed bar is said, not failed.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { nativePdfium } from '@longshore/service-pdf-extraction';
import { BARS, missedOf, tableOf, type Figures } from './pdf/bars.ts';
import { bookPdf } from './pdf/book-pdf.ts';
import { measureBook } from './pdf/book.ts';
import { readCorpus, type Corpus } from './pdf/corpus.ts';
import { measureHostility } from './pdf/hostility.ts';
import { measureQuality } from './pdf/quality.ts';
import { measureSpeeds, median, type Speeds } from './pdf/speed.ts';

const PARTS = ['speed', 'isolation', 'book', 'quality', 'hostile'] as const;
type Part = (typeof PARTS)[number];

const USAGE = `Usage: pnpm bench pdf --corpus <folder> [options]

Options
  --corpus <folder>  holds good/ (sound PDFs) and bad/ (damaged and hostile ones)
  --book <file>      a long PDF; without it one of 2,400 pages is generated
  --native <file>    a libpdfium for the native engine; default LONGSHORE_PDFIUM_PATH
  --only <part>      ${PARTS.join(', ')}; may be repeated, or be a list with commas
  --rounds <number>  how often each subject has its turn; the medians count (default 3)
  --json             print one JSON object as the last line
  --help             show this

Figures
${BARS.map(({ key, title }) => `  ${key.padEnd(18)} ${title}`).join('\n')}`;

interface Choice {
  readonly corpus: Corpus;
  readonly book: string | undefined;
  readonly native: string | undefined;
  readonly parts: ReadonlySet<Part>;
  readonly rounds: number;
  readonly json: boolean;
}

/** A part's figures, and what stands behind them. */
interface Measured {
  readonly figures: Figures;
  readonly details: object;
}

/** Runs the measurement and prints it. Exit code 0 also where a bar is missed; 2 for wrong options. */
export async function run(args: readonly string[]): Promise<void> {
  const choice = await chosen(args);
  if (typeof choice === 'number') {
    process.exitCode = choice;
    return;
  }
  const { corpus, parts, json } = choice;
  const [load = 0] = loadavg();
  const busy = load > availableParallelism() / 2 ? ', BUSY with other work' : '';
  console.error(
    `Node.js ${process.version}, ${availableParallelism()} processors, load ${load.toFixed(1)}${busy}; ${corpus.good.length} sound documents, ${corpus.bad.length} hostile ones`,
  );
  const measured: Measured[] = [];
  if (parts.has('speed') || parts.has('isolation')) measured.push(await speed(choice));
  if (parts.has('book')) measured.push(await book(choice));
  if (parts.has('quality')) measured.push(await quality(choice));
  if (parts.has('hostile')) measured.push(await hostile(choice));
  const figures: Figures = Object.assign({}, ...measured.map((each) => each.figures)) as Figures;
  const missed = missedOf(figures);
  const unmeasured = Object.keys(figures).filter((key) => figures[key] === null);
  console.log(tableOf(figures));
  for (const { details } of measured) console.log(JSON.stringify(details, undefined, 1));
  if (unmeasured.length > 0)
    console.log(`Not measured, because what it takes is not there: ${unmeasured.join(', ')}`);
  console.log(missed.length === 0 ? 'No bar was missed' : `MISSED: ${missed.join(', ')}`);
  if (json)
    console.log(
      JSON.stringify({
        ...figures,
        missed,
        unmeasured,
        details: Object.assign({}, ...measured.map((each) => each.details)) as object,
      }),
    );
}

async function speed({ corpus, native, parts, rounds }: Choice): Promise<Measured> {
  const wanted = new Set<keyof Speeds>([
    ...(parts.has('speed') ? (['pdfParse', 'pdftotext', 'isolated', 'native'] as const) : []),
    ...(parts.has('isolation') ? (['bare', 'oneChild', 'twoChildren'] as const) : []),
  ]);
  const speeds = await measureSpeeds({
    files: corpus.good,
    rounds,
    native: native === undefined ? undefined : nativePdfium(native),
    wanted,
    onProgress: (line) => console.error(line),
  });
  const of = (name: keyof Speeds): number | undefined => median(speeds[name]);
  const cost = ratio(of('oneChild'), of('bare'));
  return {
    figures: {
      ...(parts.has('speed')
        ? {
            docsVsPdfParse: ratio(of('pdfParse'), of('isolated')),
            docsVsPdftotext: ratio(of('pdftotext'), of('isolated')),
            nativeVsPdfParse: ratio(of('pdfParse'), of('native')),
            nativeVsPdftotext: ratio(of('pdftotext'), of('native')),
          }
        : {}),
      ...(parts.has('isolation')
        ? {
            isolationCost: cost === null ? null : rounded(cost - 1),
            twoVsOne: ratio(of('oneChild'), of('twoChildren')),
          }
        : {}),
    },
    details: {
      docsPerSecond: Object.fromEntries(
        Object.entries(speeds).flatMap(([name, times]: [string, readonly number[]]) =>
          times.length === 0 ? [] : [[name, times.map((ms) => rounded((corpus.good.length / ms) * 1_000))]],
        ),
      ),
    },
  };
}

async function book({ book: file, rounds }: Choice): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'longshore-bench-'));
  try {
    const path = file ?? join(folder, 'book.pdf');
    if (file === undefined) await writeFile(path, bookPdf());
    const found = await measureBook(path, rounds, (line) => console.error(line));
    return {
      figures: {
        bookVsPdfParse: rounded(found.vsPdfParse),
        bookPeakMB: rounded(found.childPeakMB),
        bookParentPeakMB: rounded(found.parentPeakMB),
        bookFirstPageMs: rounded(found.firstPageMs),
        bookPages: found.pages,
      },
      details: { book: { ms: rounded(found.ms), pdfParseMs: rounded(found.pdfParseMs) } },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function quality({ corpus }: Choice): Promise<Measured> {
  const { f1, byClass, sound, soundExtracted, incomplete, worst } = await measureQuality(corpus.good);
  const figure = (value: number | undefined): number | null => (value === undefined ? null : rounded(value));
  return {
    figures: {
      f1: figure(f1),
      f1Cjk: figure(byClass.cjk.f1),
      f1French: figure(byClass.french.f1),
      f1Rtl: figure(byClass.rtl.f1),
      f1Other: figure(byClass.other.f1),
      sound,
      soundExtracted,
    },
    details: { byClass, incomplete, worst },
  };
}

async function hostile({ corpus: { bad, good } }: Choice): Promise<Measured> {
  const [neighbour = ''] = good;
  const found = await measureHostility(bad, neighbour, (line) => console.error(line));
  const { codes, slowest, ...figures } = found;
  return { figures, details: { codes, slowest } };
}

/** How much the one takes of the other's time, or nothing where one of them is missing. */
function ratio(slower: number | undefined, faster: number | undefined): number | null {
  return slower === undefined || faster === undefined ? null : rounded(slower / faster);
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** What the command line asks for, or the exit code of one that asks for nothing. */
async function chosen(args: readonly string[]): Promise<Choice | number> {
  const flag = { type: 'boolean', default: false } as const;
  const options = {
    corpus: { type: 'string' },
    book: { type: 'string' },
    native: { type: 'string' },
    only: { type: 'string', multiple: true },
    rounds: { type: 'string', default: '3' },
    json: flag,
    help: { ...flag, short: 'h' },
  } as const;
  try {
    const { values } = parseArgs({ args: [...args], options });
    if (values.help) {
      console.log(USAGE);
      return 0;
    }
    if (values.corpus === undefined) throw new Error('Nothing to measure: --corpus is missing');
    return {
      corpus: await readCorpus(resolve(values.corpus)),
      book: existing('--book', values.book),
      native: existing('--native', values.native ?? process.env['LONGSHORE_PDFIUM_PATH']),
      parts: partsOf(values.only),
      rounds: roundsOf(values.rounds),
      json: values.json,
    };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
}

function existing(option: string, path: string | undefined): string | undefined {
  if (path === undefined || path === '') return undefined;
  if (!existsSync(path)) throw new Error(`${option} is "${path}", and there is no such file`);
  return resolve(path);
}

function partsOf(only: readonly string[] | undefined): ReadonlySet<Part> {
  const names = (only ?? PARTS).flatMap((name) => name.split(','));
  const known = PARTS.filter((part) => names.includes(part));
  const unknown = names.filter((name) => !PARTS.some((part) => part === name));
  if (unknown.length > 0) throw new Error(`There is no part "${unknown.join('", "')}" to measure`);
  return new Set(known);
}

function roundsOf(text: string): number {
  const rounds = Number(text);
  if (Number.isInteger(rounds) && rounds >= 1 && rounds <= 99) return rounds;
  throw new Error(`--rounds is "${text}", expected a whole number from 1 to 99`);
}
