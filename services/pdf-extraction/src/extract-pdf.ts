/**
 * The job `extract-pdf`: from a PDF in the object store to its text in the object store, once per content and extractor
 * version, then on to the index.
 *
 * The artefact, keyed by the PDF's hash, is created as the last step before the follow-up: whatever is killed in between,
 * the next attempt finds either nothing or a whole artefact. Documents that cannot be extracted leave a record likewise.
 */
import {
  LongshoreError,
  bury,
  defineJob,
  directiveOf,
  isLongshoreError,
  retry,
  systemClock,
  type Clock,
  type Directive,
  type JobDefinition,
} from '@longshore/job';
import { createJson, readJson, readText } from '@longshore/objects';
import { indexDocument } from '@longshore/service-indexing';
import { handle, type HandlerBinding, type HandlerContext } from '@longshore/worker';
import { z } from 'zod';
import {
  EXTRACTOR_VERSION,
  artefactKey,
  excerptKey,
  rejectionKey,
  rejectionSchema,
  revisionOf,
  type Artefact,
  type Rejection,
} from './artefact.ts';
import { documentEvent, type DocumentResult, type FollowUp } from './document-event.ts';
import type { Extracted, Extractor } from './extract.ts';
import { keepRecognised, readArtefact, readRecognised } from './ocr/recognised-artefact.ts';
import { ocrLanguages, type OcrUse } from './ocr/page-ocr.ts';
import { isScan } from './ocr/read-scans.ts';
import { wantedOcr, type OcrOfJob } from './ocr/wanted-ocr.ts';
import { pageRangesText, parsePageRanges } from './page-ranges.ts';
import { readPdf, type StoredPdf } from './read-pdf.ts';
import type { ReadPage } from './sandbox/messages.ts';

/** Payload of `extract-pdf`. */
export interface ExtractPdf {
  /** Object key of the PDF. */
  readonly key: string;
  /** The name that people know it by. Default: the key. */
  readonly source?: string;
  /**
   * Object key of a text that is the document's password, without a line end. A password itself has no place in a payload,
   * which stands in queues and dead letters as it was sent. Default: none.
   */
  readonly passwordKey?: string;
  /**
   * Pages that are wanted, such as `1-20, 35, 40-`. Their texts are kept at `excerptKey`, and nobody is told: the index and
   * whoever counts know whole documents. Default all.
   */
  readonly pages?: string;
  /**
   * Whether each page is kept as the engine gave it too, in `original`: ligatures, hyphens at line ends. Such an artefact lies
   * at `excerptKey`, beside the one that everybody reads. Default false.
   */
  readonly keepOriginal?: boolean;
  /** For scanned pages, where the service recognises them. Default the service's languages. */
  readonly ocr?: OcrOfJob;
}

const payload: z.ZodType<ExtractPdf, ExtractPdf> = z.object({
  key: z.string().min(1),
  source: z.string().min(1).max(1_024).exactOptional(),
  passwordKey: z.string().min(1).exactOptional(),
  pages: z
    .string()
    .refine((text) => parsePageRanges(text) !== undefined, 'expected pages such as "1-20, 35, 40-"')
    .exactOptional(),
  keepOriginal: z.boolean().exactOptional(),
  ocr: z.strictObject({ languages: ocrLanguages }).exactOptional(),
});

/** The job. */
export const extractPdf: JobDefinition<ExtractPdf, ExtractPdf> = defineJob({
  name: 'extract-pdf',
  schema: payload,
  // With another password, other pages or other languages it is another attempt.
  idempotencyKey: ({ key, passwordKey, pages, keepOriginal, ocr }) =>
    [key, passwordKey, pages, keepOriginal === true ? 'original' : undefined, ocr?.languages.join('+')]
      .filter((part) => part !== undefined)
      .join(' '),
});

/** Options of {@link extractPdfHandler}. */
export interface ExtractPdfOptions {
  readonly extractor: Extractor;
  /** Larger objects are refused before they are read. Default 100 MiB: three times that is held while one is parsed. */
  readonly maxPdfBytes?: number;
  /** Who else is told of each document's outcome. Default: nobody. */
  readonly followUps?: readonly FollowUp[];
  /** Default: the machine's. */
  readonly clock?: Pick<Clock, 'nowMs'>;
}

const MAX_PDF_BYTES = 104_857_600;
/** PDF 2.0 looks at 127 bytes. */
const MAX_PASSWORD_BYTES = 1_024;

interface Wanted {
  /** What is to recognise scanned pages. */
  readonly ocr: OcrUse | undefined;
}

/** Outcomes that lie in the bytes alone; the others depend on limits and machines, and are tried again when asked for. */
const FINAL_CODES: ReadonlySet<string> = new Set(['encrypted', 'corrupt']);

/** The handler of {@link extractPdf}. */
export function extractPdfHandler(options: ExtractPdfOptions): HandlerBinding {
  return handle(extractPdf, (context) => handleDocument(context, options));
}

async function handleDocument(
  context: HandlerContext<ExtractPdf>,
  options: ExtractPdfOptions,
): Promise<Directive | undefined> {
  const { extractor, maxPdfBytes = MAX_PDF_BYTES } = options;
  const { key } = context.payload;
  const { objects, signal } = context;
  const pdf = await readPdf(objects, key, { maxBytes: maxPdfBytes, signal }).catch((error: unknown) => {
    if (isLongshoreError(error, 'too_large')) return bury(error.code, error.message);
    throw error;
  });
  if (pdf === undefined) {
    throw new LongshoreError(
      'object_missing',
      `There is no object "${key}": store the PDF before its job is enqueued`,
      { retryable: true, details: { key } },
    );
  }
  if (!('bytes' in pdf)) return pdf;
  const ocr = wantedOcr(extractor.ocr, context.payload.ocr);
  if (ocr !== undefined && !('languages' in ocr)) return ocr;
  if (context.payload.pages !== undefined || context.payload.keepOriginal === true)
    return await extractExcerpt(context, pdf, { ...options, ocr });
  const startedAtMs = (options.clock ?? systemClock).nowMs();
  const result =
    (await storedArtefact(context, pdf.sha256, ocr)) ??
    (await extractOnce(context, pdf, { ...options, ocr }));
  if (isDirective(result)) return result;
  await tell(context, result, { ...options, bytes: pdf.bytes.length, startedAtMs });
  const source = sourceOf(context);
  if ('code' in result) return bury(result.code, `"${source}": ${result.reason}`);
  await context.enqueue(indexDocument, {
    documentId: pdf.sha256,
    revision: revisionOf(result),
    artefactKey: artefactKey(pdf.sha256, revisionOf(result)),
    source,
  });
  return undefined;
}

/** Some pages, or original texts: an artefact of its own, once. */
async function extractExcerpt(
  context: HandlerContext<ExtractPdf>,
  pdf: StoredPdf,
  { extractor, ocr }: Pick<ExtractPdfOptions, 'extractor'> & Wanted,
): Promise<Directive | undefined> {
  const { objects, signal } = context;
  const source = sourceOf(context);
  const { pages: wanted = '1-', keepOriginal = false } = context.payload;
  const ranges = parsePageRanges(wanted) ?? [];
  const pages = pageRangesText(ranges);
  const key = excerptKey(pdf.sha256, pages, { ocr, keepOriginal });
  if ((await readArtefact(objects, key, signal)) !== undefined) return undefined;
  const password = await readPassword(context);
  const extraction = await extractor.extract(pdf.bytes, {
    signal,
    pages: ranges,
    keepOriginal,
    ...(password === undefined ? {} : { password }),
    ...(ocr === undefined ? {} : { ocrLanguages: ocr.languages }),
  });
  if (extraction.kind === 'failed') {
    signal.throwIfAborted();
    const { code, reason } = extraction;
    if (code === 'aborted' || extraction.blame !== undefined) return retry(`"${source}": ${reason}`);
    return bury(code, `"${source}": ${reason}`);
  }
  const { pageCount } = extraction.head;
  if (extraction.pagesWanted === 0)
    return bury('no_such_page', `"${source}": pages ${pages} are wanted, the document has ${pageCount}`);
  logExtracted(context.log, pdf.sha256, extraction);
  await createJson(objects, key, { ...toArtefact(extraction, pdf, source), pagesWanted: pages }, { signal });
  return undefined;
}

/** Tells the others, again where an earlier attempt may not have come so far. */
async function tell(
  context: HandlerContext<ExtractPdf>,
  result: DocumentResult,
  options: Pick<ExtractPdfOptions, 'followUps' | 'clock'> & {
    readonly bytes: number;
    readonly startedAtMs: number;
  },
): Promise<void> {
  const { followUps = [], clock = systemClock, bytes, startedAtMs } = options;
  const facts = { source: sourceOf(context), bytes, startedAtMs, nowMs: clock.nowMs() };
  const event = documentEvent(context, result, facts);
  await Promise.all(followUps.map((each) => each.enqueue(context, event)));
}

/** Extracts a document that has no artefact yet: its artefact or rejection, or a directive when another attempt may help. */
async function extractOnce(
  context: HandlerContext<ExtractPdf>,
  pdf: StoredPdf,
  { extractor, ocr, clock = systemClock }: Pick<ExtractPdfOptions, 'extractor' | 'clock'> & Wanted,
): Promise<DocumentResult | Directive> {
  const { objects, signal, log } = context;
  const source = sourceOf(context);
  const before = await readRejection(context, pdf.sha256);
  const password = await readPassword(context);
  const isFinal = before !== undefined && FINAL_CODES.has(before.code);
  // A password may open what was refused without one, or with another one.
  if (isFinal && (before.code !== 'encrypted' || password === undefined)) return before;
  const extraction = await extractor.extract(pdf.bytes, {
    signal,
    ...(password === undefined ? {} : { password }),
    ...(ocr === undefined ? {} : { ocrLanguages: ocr.languages }),
  });
  if (extraction.kind === 'failed') {
    signal.throwIfAborted();
    const { code, reason } = extraction;
    if (code === 'aborted' || extraction.blame !== undefined) return retry(`"${source}": ${reason}`);
    const rejection = toRejection(pdf, source, code, reason);
    await createJson(objects, rejectionKey(pdf.sha256), rejection, { signal });
    return rejection;
  }
  logExtracted(log, pdf.sha256, extraction);
  if (before !== undefined) await objects.delete(rejectionKey(pdf.sha256), { signal });
  if (ocr === undefined || extraction.ocr === undefined) {
    // When another attempt was faster, its artefact stands; both are made of the same bytes.
    const artefact = toArtefact(extraction, pdf, source);
    await createJson(objects, artefactKey(pdf.sha256), artefact, { signal });
    return artefact;
  }
  return await keepRecognised(context, toArtefact(extraction, pdf, source), { ...ocr, nowMs: clock.nowMs() });
}

function logExtracted(
  log: HandlerContext<ExtractPdf>['log'],
  documentId: string,
  extraction: Extracted,
): void {
  const { engine, head, pages, pagesWanted, words, textLayer } = extraction;
  const recognised = pages.filter(({ ocr }) => ocr?.kind === 'ok').length;
  const unrecognised = pages.filter(({ ocr }) => ocr?.kind === 'failed').length;
  const facts = {
    documentId,
    engine,
    pageCount: head.pageCount,
    pagesExpected: pagesWanted,
    pages: pages.length,
    words,
    textLayer,
    ...(extraction.ocr === undefined ? {} : { recognised, unrecognised }),
  };
  if (pages.length < pagesWanted) log.warn(facts, 'Some pages are damaged and were left out');
  else if (unrecognised > 0) log.warn(facts, 'Some scanned pages could not be recognised');
  else log.info(facts, 'Extracted');
}

/** The password that the job refers to. @throws LongshoreError `object_missing` (retryable), `invalid_options` */
async function readPassword({
  payload: { passwordKey },
  objects,
  signal,
}: HandlerContext<ExtractPdf>): Promise<string | undefined> {
  if (passwordKey === undefined) return undefined;
  const password = await readText(objects, passwordKey, { signal, maxBytes: MAX_PASSWORD_BYTES });
  if (password === undefined) {
    throw new LongshoreError(
      'object_missing',
      `There is no password at "${passwordKey}": store it before its job is enqueued`,
      { retryable: true, details: { passwordKey } },
    );
  }
  return password;
}

function isDirective(result: DocumentResult | Directive): result is Directive {
  return directiveOf(result) !== undefined;
}

/** What an earlier attempt or job made of the same bytes: by the same OCR, or without any where there is nothing for it. */
async function storedArtefact(
  { objects, signal }: HandlerContext<ExtractPdf>,
  sha256: string,
  ocr: OcrUse | undefined,
): Promise<Artefact | undefined> {
  const recognised =
    ocr === undefined ? undefined : await readRecognised(objects, sha256, { ...ocr, signal });
  if (recognised !== undefined) return recognised;
  const own = await readArtefact(objects, artefactKey(sha256), signal);
  return ocr !== undefined && own?.pages.some(isScan) === true ? undefined : own;
}

async function readRejection(
  { objects, signal }: HandlerContext<ExtractPdf>,
  sha256: string,
): Promise<Rejection | undefined> {
  const record = await readJson(objects, rejectionKey(sha256), { signal });
  return record === undefined ? undefined : rejectionSchema.safeParse(record).data;
}

function sourceOf({ payload: { source, key } }: HandlerContext<ExtractPdf>): string {
  return source ?? key;
}

function toRejection(pdf: StoredPdf, source: string, code: Rejection['code'], reason: string): Rejection {
  return { documentId: pdf.sha256, source, extractor: { version: EXTRACTOR_VERSION }, code, reason };
}

function toArtefact(extraction: Extracted, pdf: StoredPdf, source: string): Artefact {
  const { engine, engineVersion, isFallback, head, words, textLayer, language } = extraction;
  return {
    documentId: pdf.sha256,
    source,
    extractor: { version: EXTRACTOR_VERSION, engine, engineVersion, isFallback },
    pageCount: head.pageCount,
    pages: extraction.pages.map(toPage),
    words,
    textLayer,
    language,
    metadata: head.metadata,
    outline: [...head.outline],
    ...(head.attachments === undefined ? {} : { attachments: [...head.attachments] }),
  };
}

function toPage(read: ReadPage): Artefact['pages'][number] {
  const { page, label, text, original, textLayer, fields, links, ocr } = read;
  return {
    page,
    ...(label === undefined ? {} : { label }),
    text,
    ...(original === undefined ? {} : { original }),
    textLayer,
    ...ocrFacts(ocr),
    ...(fields.length === 0 ? {} : { fields: [...fields] }),
    ...(links.length === 0 ? {} : { links: [...links] }),
  };
}

function ocrFacts(
  ocr: ReadPage['ocr'],
): Pick<Artefact['pages'][number], 'source' | 'confidence' | 'ocrFailure'> {
  if (ocr === undefined) return {};
  if (ocr.kind === 'failed') return { ocrFailure: { code: ocr.code, reason: ocr.reason } };
  return { source: 'ocr', ...(ocr.confidence === undefined ? {} : { confidence: ocr.confidence }) };
}
