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
  isLongshoreError,
  retry,
  type Directive,
  type JobDefinition,
} from '@longshore/job';
import { createJson, readJson } from '@longshore/objects';
import { indexDocument } from '@longshore/service-indexing';
import { handle, type HandlerBinding, type HandlerContext } from '@longshore/worker';
import { z } from 'zod';
import {
  EXTRACTOR_VERSION,
  artefactKey,
  rejectionKey,
  rejectionSchema,
  type Artefact,
  type Rejection,
} from './artefact.ts';
import type { Extracted, Extractor } from './extract.ts';
import { readPdf, type StoredPdf } from './read-pdf.ts';
import type { ReadPage } from './sandbox/messages.ts';

/** Payload of `extract-pdf`. */
export interface ExtractPdf {
  /** Object key of the PDF. */
  readonly key: string;
  /** The name that people know it by. Default: the key. */
  readonly source?: string;
}

const payload: z.ZodType<ExtractPdf, ExtractPdf> = z.object({
  key: z.string().min(1),
  source: z.string().min(1).max(1_024).exactOptional(),
});

/** The job. */
export const extractPdf: JobDefinition<ExtractPdf, ExtractPdf> = defineJob({
  name: 'extract-pdf',
  schema: payload,
  idempotencyKey: ({ key }) => key,
});

/** Options of {@link extractPdfHandler}. */
export interface ExtractPdfOptions {
  readonly extractor: Extractor;
  /** Larger objects are refused before they are read. Default 100 MiB: three times that is held while one is parsed. */
  readonly maxPdfBytes?: number;
}

const MAX_PDF_BYTES = 104_857_600;

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
  const isKnown = (await objects.head(artefactKey(pdf.sha256), { signal })) !== undefined;
  const refusal = isKnown ? undefined : await extractOnce(context, pdf, extractor);
  if (refusal !== undefined) return refusal;
  await context.enqueue(indexDocument, {
    documentId: pdf.sha256,
    revision: Number(EXTRACTOR_VERSION),
    artefactKey: artefactKey(pdf.sha256),
    source: sourceOf(context),
  });
  return undefined;
}

/** Extracts a document that has no artefact yet: nothing when it has one afterwards, a directive when it cannot have one. */
async function extractOnce(
  context: HandlerContext<ExtractPdf>,
  pdf: StoredPdf,
  extractor: Extractor,
): Promise<Directive | undefined> {
  const { objects, signal, log } = context;
  const source = sourceOf(context);
  const before = await readRejection(context, pdf.sha256);
  if (before !== undefined && FINAL_CODES.has(before.code))
    return bury(before.code, `"${source}": ${before.reason}`);
  const extraction = await extractor.extract(pdf.bytes, { signal });
  if (extraction.kind === 'failed') {
    signal.throwIfAborted();
    const { code, reason } = extraction;
    if (code === 'aborted' || extraction.blame !== undefined) return retry(`"${source}": ${reason}`);
    await createJson(objects, rejectionKey(pdf.sha256), toRejection(pdf, source, code, reason), { signal });
    return bury(code, `"${source}": ${reason}`);
  }
  const { engine, head, pages, words, textLayer } = extraction;
  const facts = {
    documentId: pdf.sha256,
    engine,
    pagesExpected: head.pageCount,
    pages: pages.length,
    words,
    textLayer,
  };
  if (pages.length < head.pageCount) log.warn(facts, 'Some pages are damaged and were left out');
  else log.info(facts, 'Extracted');
  if (before !== undefined) await objects.delete(rejectionKey(pdf.sha256), { signal });
  // When another attempt was faster, its artefact stands; both are made of the same bytes.
  await createJson(objects, artefactKey(pdf.sha256), toArtefact(extraction, pdf, source), { signal });
  return undefined;
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
  };
}

function toPage({ page, label, text, textLayer, fields }: ReadPage): Artefact['pages'][number] {
  return {
    page,
    ...(label === undefined ? {} : { label }),
    text,
    textLayer,
    ...(fields.length === 0 ? {} : { fields: [...fields] }),
  };
}
