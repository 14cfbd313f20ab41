/** The pages of a document that have no text of their own, read by OCR. Each fails alone. */
import type { PageImage } from '../engine.ts';
import type { ReadPage } from '../sandbox/messages.ts';
import { failed, type DocumentFailed, type SandboxOutcome } from '../sandbox/outcome.ts';
import type { SandboxPool } from '../sandbox/sandbox-pool.ts';
import { countWords } from '../text/words.ts';
import type { KilledByOthers, Ocr, OcrFault, PageOcr, Recognition, UnrecognisedPage } from './page-ocr.ts';

/** What it needs. */
export interface ReadScansOptions {
  readonly ocr: Ocr;
  /** Draws the pages. */
  readonly pool: SandboxPool;
  readonly languages: readonly string[];
  readonly password?: string;
  readonly signal?: AbortSignal;
}

/** What tesseract is made for. With 200, clean print is read as well, a fifth faster. */
const DPI = 300;
const MS_PER_SECOND = 1_000;

/** Whether OCR may find text on a page: something is drawn, and no text of the page's own is there. */
export function isScan({ textLayer }: Pick<ReadPage, 'textLayer'>): boolean {
  return textLayer === 'none';
}

/** All pages, those without text with what OCR found. Fails only where somebody else ended the OCR. */
export async function readScans(
  bytes: Uint8Array,
  pages: readonly ReadPage[],
  options: ReadScansOptions,
): Promise<readonly ReadPage[] | DocumentFailed> {
  const { ocr, languages, signal } = options;
  const { documentMs } = ocr.limits;
  const endsAtMs = performance.now() + documentMs;
  const recognised = new Map<number, ReadPage>();
  const recognise = async (page: ReadPage): Promise<KilledByOthers | undefined> => {
    const turn = (): Promise<PageImage | OcrFault> =>
      performance.now() < endsAtMs ? draw(bytes, page.page, options) : Promise.resolve(outOfTime(documentMs));
    const result = await ocr.recognise(turn, { languages, ...(signal === undefined ? {} : { signal }) });
    if (result.kind === 'killed') return result;
    recognised.set(page.page, withText(page, result));
    return undefined;
  };
  const results = await Promise.all(pages.filter(isScan).map(recognise));
  const killed = results.find((result) => result !== undefined);
  if (killed !== undefined) return { ...failed('engine_crashed', killed.reason), blame: 'others' };
  return pages.map((page) => recognised.get(page.page) ?? page);
}

function outOfTime(documentMs: number): UnrecognisedPage {
  const reason = `The scanned pages before it took the ${documentMs / MS_PER_SECOND} s that a document's may take`;
  return { kind: 'failed', code: 'timed_out', reason };
}

async function draw(
  bytes: Uint8Array,
  page: number,
  { pool, ocr, password, signal }: ReadScansOptions,
): Promise<PageImage | OcrFault> {
  const outcome = await pool.run(bytes, {
    image: { page, dpi: DPI, maxPixels: ocr.limits.pixels },
    ...(password === undefined ? {} : { password }),
    ...(signal === undefined ? {} : { signal }),
  });
  return imageOf(outcome);
}

function imageOf(outcome: SandboxOutcome): PageImage | OcrFault {
  if (outcome.kind === 'ok')
    return outcome.image ?? { kind: 'failed', code: 'not_drawn', reason: 'The page cannot be drawn' };
  const { code, reason, blame } = outcome;
  if (blame !== undefined) return { kind: 'killed', reason };
  const isLimit = code === 'timed_out' || code === 'out_of_memory' || code === 'engine_crashed';
  return {
    kind: 'failed',
    code: isLimit ? code : 'not_drawn',
    reason: `The page cannot be drawn: ${reason}`,
  };
}

/** What was recognised stands before the notes, which are all that the page had. */
function withText(page: ReadPage, result: Recognition | UnrecognisedPage): ReadPage {
  if (result.kind === 'failed') return { ...page, ocr: result };
  const text = [result.text, page.text].filter((part) => part !== '').join('\n');
  const ocr: PageOcr =
    result.confidence === undefined ? { kind: 'ok' } : { kind: 'ok', confidence: result.confidence };
  return { ...page, text, words: countWords(text), ocr };
}
