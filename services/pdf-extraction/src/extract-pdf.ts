/**
 * The job `extract-pdf`: from a PDF in the object store to its text in the object store, once per content and extractor
 * version, then on to the index.
 */
import { createHash } from 'node:crypto';
import {
  LongshoreError,
  bury,
  defineJob,
  isLongshoreError,
  type Directive,
  type JobDefinition,
} from '@longshore/job';
import { createJson, readBytes } from '@longshore/objects';
import { indexDocument } from '@longshore/service-indexing';
import { handle, type HandlerBinding, type HandlerContext } from '@longshore/worker';
import { z } from 'zod';
import { EXTRACTOR_VERSION, artefactKey, rejectionKey, type Artefact } from './artefact.ts';
import type { Extraction, Extractor } from './extractor.ts';
import { detectLanguage } from './language.ts';

/** Payload: object key of the PDF, and the name that people know it by. */
const extractPdfSchema: z.ZodObject<{
  key: z.ZodString;
  source: z.ZodOptional<z.ZodString>;
  password: z.ZodOptional<z.ZodString>;
}> = z.object({
  key: z.string().min(1),
  source: z.string().optional(),
  password: z.string().optional(),
});

type Payload = z.infer<typeof extractPdfSchema>;

/** The job. */
export const extractPdf: JobDefinition<Payload, Payload> = defineJob({
  name: 'extract-pdf',
  schema: extractPdfSchema,
  idempotencyKey: ({ key }) => key,
});

/** Larger files are refused before they are read. */
const MAX_PDF_BYTES = 256 * 1_048_576;

/** The handler on an extractor. */
export function extractPdfHandler(extractor: Extractor): HandlerBinding {
  return handle(extractPdf, (context) => extractDocument(context, extractor));
}

async function extractDocument(
  context: HandlerContext<Payload>,
  extractor: Extractor,
): Promise<Directive | undefined> {
  const { payload, objects, signal, log } = context;
  const source = payload.source ?? payload.key;
  const bytes = await readPdf(context);
  if (bytes === 'too_large')
    return bury('too_large', `"${source}" has more than ${MAX_PDF_BYTES / 1_048_576} MiB`);
  const documentId = createHash('sha256').update(bytes).digest('hex');
  const key = artefactKey(documentId);
  if ((await objects.head(key)) === undefined) {
    const extraction = await extractor.extract(bytes, {
      signal,
      ...(payload.password === undefined ? {} : { password: payload.password }),
    });
    if (extraction.kind === 'failed') {
      signal.throwIfAborted();
      const { code, reason } = extraction;
      // Before the burial, so that a later run knows the outcome without trying again.
      await createJson(objects, rejectionKey(documentId), { documentId, source, code, reason });
      return bury(code, `"${source}": ${reason}`);
    }
    const artefact = toArtefact(extraction, documentId, source);
    log.info(
      { documentId, pages: artefact.pageCount, words: artefact.words, engine: extraction.engine },
      'Extracted',
    );
    await createJson(objects, key, artefact);
  }
  await context.enqueue(indexDocument, {
    documentId,
    revision: Number(EXTRACTOR_VERSION),
    artefactKey: key,
    source,
  });
  return undefined;
}

async function readPdf({ payload, objects }: HandlerContext<Payload>): Promise<Uint8Array | 'too_large'> {
  const bytes = await readBytes(objects, payload.key, { maxBytes: MAX_PDF_BYTES }).catch((error: unknown) => {
    if (isLongshoreError(error, 'too_large')) return 'too_large' as const;
    throw error;
  });
  if (bytes === undefined) {
    throw new LongshoreError(
      'object_missing',
      `There is no object "${payload.key}": store the PDF before its job is enqueued`,
      { retryable: true },
    );
  }
  return bytes;
}

function toArtefact(
  extraction: Extract<Extraction, { kind: 'ok' }>,
  documentId: string,
  source: string,
): Artefact {
  const { head, pages, engine } = extraction;
  const text = pages.map((page) => page.text).join('\n');
  const layers = new Set(pages.map((page) => page.textLayer));
  const layer = layers.has('present') ? 'present' : layers.has('none') ? 'none' : 'empty';
  return {
    documentId,
    source,
    extractor: { version: EXTRACTOR_VERSION, engine, isFallback: engine !== 'pdfium' },
    pageCount: head.pageCount,
    pages: [...pages],
    words: text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0,
    textLayer: layer,
    language: detectLanguage(text),
    metadata: head.metadata,
    outline: head.outline.map((item) => ({ ...item })),
  };
}
