/** Agreement of the extractor's texts with pdftotext's, and whether every sound document comes out whole. */
import { startSubject } from './measured-process.ts';
import { pdftotext } from './pdftotext.ts';
import { classOf, f1Of, overlapOf, tokensOf, type Overlap, type TextClass } from './token-f1.ts';
import type { Read } from './subject.ts';

/** What was found. F1 is absent where there is no pdftotext, or no document of the class. */
export interface Quality {
  readonly f1: number | undefined;
  readonly byClass: Readonly<
    Record<TextClass, { readonly f1: number | undefined; readonly documents: number }>
  >;
  readonly sound: number;
  readonly soundExtracted: number;
  /** Sound documents that failed or lack pages. */
  readonly incomplete: readonly string[];
  /** The documents that agree least, for whoever wants to look at them. */
  readonly worst: readonly { readonly file: string; readonly f1: number; readonly of: TextClass }[];
}

const WORST = 15;

/** Reads all sound documents once with each. */
export async function measureQuality(files: readonly string[]): Promise<Quality> {
  await using ours = await startSubject('extractor-entry.ts', { children: 2 });
  await using theirs = await pdftotext();
  const { reads } = await ours.run({ files, lanes: 2, keepText: true });
  const whole = reads.filter((read) => read.failure === undefined && read.pages === read.pagesExpected);
  const reference = theirs === undefined ? [] : (await theirs.run({ files, keepText: true })).reads;
  const compared = compare(reads, reference);
  const of = (name: TextClass): Quality['byClass'][TextClass] => {
    const members = compared.filter((each) => each.of === name);
    return { f1: f1Of(members.map(({ overlap }) => overlap)), documents: members.length };
  };
  return {
    f1: f1Of(compared.map(({ overlap }) => overlap)),
    byClass: { cjk: of('cjk'), rtl: of('rtl'), french: of('french'), other: of('other') },
    sound: files.length,
    soundExtracted: whole.length,
    incomplete: reads
      .filter((read) => !whole.includes(read))
      .map(
        ({ file, failure, pages, pagesExpected }) =>
          `${file}: ${failure ?? `${pages} of ${pagesExpected} pages`}`,
      ),
    worst: compared
      .map(({ file, of: name, overlap }) => ({ file, of: name, f1: f1Of([overlap]) ?? 1 }))
      .toSorted((a, b) => a.f1 - b.f1)
      .slice(0, WORST),
  };
}

interface Compared {
  readonly file: string;
  readonly of: TextClass;
  readonly overlap: Overlap;
}

function compare(ours: readonly Read[], reference: readonly Read[]): Compared[] {
  const texts = new Map(ours.map(({ file, text }) => [file, text ?? '']));
  return reference.flatMap(({ file, text, failure }) => {
    if (text === undefined || failure !== undefined) return [];
    return [{ file, of: classOf(text), overlap: overlapOf(tokensOf(texts.get(file) ?? ''), tokensOf(text)) }];
  });
}
