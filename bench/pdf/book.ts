/** A long document: time beside pdf-parse, peak memory of the sandboxed child, time to the first page. */
import { startSubject } from './measured-process.ts';
import { watchPeakMemory } from './peak-memory.ts';
import { median } from './speed.ts';

/** What was found. */
export interface Book {
  readonly pages: number;
  /** Our time as a share of pdf-parse's. */
  readonly vsPdfParse: number;
  readonly ms: number;
  readonly pdfParseMs: number;
  readonly childPeakMB: number;
  /** Of the process that the extractor lives in, the test's own program included. */
  readonly parentPeakMB: number;
  readonly firstPageMs: number;
}

const MB = 1e6;

/** Reads the book in fresh processes, in turn. @throws Error when it cannot be read whole */
export async function measureBook(
  file: string,
  rounds: number,
  onProgress: (line: string) => void,
): Promise<Book> {
  const ours: Omit<Book, 'vsPdfParse' | 'pdfParseMs'>[] = [];
  const theirs: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const read = await readOnce(file);
    ours.push(read);
    await using peer = await startSubject('pdf-parse-entry.ts');
    const { ms } = await peer.run({ files: [file] });
    theirs.push(ms);
    onProgress(
      `book, round ${round} of ${rounds}: ${Math.round(read.ms)} ms, pdf-parse ${Math.round(ms)} ms, first page ${Math.round(read.firstPageMs)} ms, child ${Math.round(read.childPeakMB)} MB`,
    );
  }
  const middle = (key: keyof (typeof ours)[number]): number =>
    median(ours.map((each) => each[key])) ?? Number.NaN;
  const pdfParseMs = median(theirs) ?? Number.NaN;
  return {
    pages: middle('pages'),
    vsPdfParse: middle('ms') / pdfParseMs,
    ms: middle('ms'),
    pdfParseMs,
    childPeakMB: Math.max(...ours.map(({ childPeakMB }) => childPeakMB)),
    parentPeakMB: Math.max(...ours.map(({ parentPeakMB }) => parentPeakMB)),
    firstPageMs: middle('firstPageMs'),
  };
}

async function readOnce(file: string): Promise<Omit<Book, 'vsPdfParse' | 'pdfParseMs'>> {
  await using subject = await startSubject('extractor-entry.ts', { children: 1 });
  using memory = watchPeakMemory(subject.pid);
  const [read] = (await subject.run({ files: [file] })).reads;
  if (read?.failure !== undefined || read === undefined || read.pages !== read.pagesExpected)
    throw new Error(
      `Cannot measure the book ${file}: ${read?.failure ?? `${read?.pages} of ${read?.pagesExpected} pages were read`}`,
    );
  return {
    pages: read.pages,
    ms: read.ms,
    childPeakMB: Math.max(...memory.descendants()) / MB,
    parentPeakMB: memory.own() / MB,
    firstPageMs: read.firstPageMs ?? Number.NaN,
  };
}
