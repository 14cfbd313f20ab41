/**
 * Documents per second: every subject reads all sound documents in each round. They take turns after every few documents,
 * in changing order, so that whatever else the machine does falls on all of them.
 */
import { PDFIUM, type SandboxEngine } from '@longshore/service-pdf-extraction';
import { startSubject } from './measured-process.ts';
import { pdftotext } from './pdftotext.ts';
import type { Subject } from './subject.ts';

/** Times of each subject per round, in milliseconds; a subject that is not there has none. */
export interface Speeds {
  readonly pdfParse: readonly number[];
  readonly pdftotext: readonly number[];
  /** The whole extractor with one child, and so one document read at a time; another is handed over meanwhile. */
  readonly isolated: readonly number[];
  readonly native: readonly number[];
  /** The default engine in its own process without sandbox; with one child; with two. None asks the fallback. */
  readonly bare: readonly number[];
  readonly oneChild: readonly number[];
  readonly twoChildren: readonly number[];
}

/** Options of {@link measureSpeeds}. */
export interface SpeedOptions {
  readonly files: readonly string[];
  readonly rounds: number;
  readonly native: SandboxEngine | undefined;
  /** Which of the subjects to run. */
  readonly wanted: ReadonlySet<keyof Speeds>;
  readonly onProgress: (line: string) => void;
}

/** Measures. @throws Error when a subject dies */
export async function measureSpeeds(options: SpeedOptions): Promise<Speeds> {
  const { files, rounds, onProgress } = options;
  await using stack = new AsyncDisposableStack();
  const times: Record<keyof Speeds, number[]> = {
    pdfParse: [],
    pdftotext: [],
    isolated: [],
    native: [],
    bare: [],
    oneChild: [],
    twoChildren: [],
  };
  const subjects: { readonly name: keyof Speeds; readonly subject: Subject }[] = [];
  for (const [name, start] of startersOf(options)) {
    if (!options.wanted.has(name)) continue;
    const subject = await start();
    if (subject !== undefined) subjects.push({ name, subject: stack.use(subject) });
  }
  for (let round = 1; round <= rounds; round += 1) {
    const sums = new Map<keyof Speeds, number>();
    for (const [turn, slice] of slices(files).entries()) {
      for (const { name, subject } of (round + turn) % 2 === 0 ? subjects.toReversed() : subjects) {
        const { ms } = await subject.run({ files: slice, lanes: LANES[name] });
        sums.set(name, (sums.get(name) ?? 0) + ms);
      }
    }
    for (const [name, ms] of sums) times[name].push(ms);
    const rates = [...sums].map(([name, ms]) => `${name} ${((files.length / ms) * 1_000).toFixed(1)}`);
    onProgress(`round ${round} of ${rounds}, documents/s: ${rates.join(', ')}`);
  }
  return times;
}

/** Large enough that two children end together, small enough that a minute of other work on the machine hits all alike. */
const DOCUMENTS_PER_TURN = 60;

/** Documents under way at a time: two for each child, and one for the fallback where it is asked. */
const LANES: Readonly<Record<keyof Speeds, number>> = {
  pdfParse: 1,
  pdftotext: 1,
  bare: 1,
  isolated: 3,
  native: 3,
  oneChild: 2,
  twoChildren: 4,
};

function slices(files: readonly string[]): readonly (readonly string[])[] {
  const count = Math.ceil(files.length / DOCUMENTS_PER_TURN);
  // Every n-th, so that all slices are alike: neighbours in the alphabet come from the same place.
  return Array.from({ length: count }, (_, first) => files.filter((__, index) => index % count === first));
}

function startersOf({ native }: SpeedOptions): [keyof Speeds, () => Promise<Subject | undefined>][] {
  const extractor = (settings: object) => (): Promise<Subject> =>
    startSubject('extractor-entry.ts', settings);
  return [
    ['pdfParse', () => startSubject('pdf-parse-entry.ts')],
    ['isolated', extractor({ children: 1 })],
    ['pdftotext', pdftotext],
    [
      'native',
      native === undefined ? () => Promise.resolve(undefined) : extractor({ children: 1, engine: native }),
    ],
    ['bare', () => startSubject('engine-entry.ts', { engine: PDFIUM })],
    ['oneChild', extractor({ children: 1, fallback: 'none' })],
    ['twoChildren', extractor({ children: 2, fallback: 'none' })],
  ];
}

/** The middle one; of an even number the lower. */
export function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
}
