/** The artefact: what extraction leaves in the object store for each document, and where. */
import { z } from 'zod';

/** Raise it when the same bytes would give another artefact; documents are then extracted again. */
export const EXTRACTOR_VERSION = '1';

const outlineItem = z.object({
  title: z.string(),
  page: z.number().int().optional(),
  depth: z.number().int(),
});

/** An extracted document. */
export const artefactSchema = z.object({
  /** SHA-256 of the PDF, hex. */
  documentId: z.string(),
  source: z.string(),
  extractor: z.object({ version: z.string(), engine: z.string(), isFallback: z.boolean() }),
  /** Pages that the document says it has; `pages` holds those that were read. */
  pageCount: z.number().int(),
  pages: z.array(
    z.object({ page: z.number().int(), text: z.string(), textLayer: z.enum(['present', 'none', 'empty']) }),
  ),
  words: z.number().int(),
  /** `none`: pages with pictures and no text, so probably scanned. `empty`: nothing on the pages. */
  textLayer: z.enum(['present', 'none', 'empty']),
  /** ISO 639-1 code, or `und`. */
  language: z.string(),
  metadata: z.record(z.string(), z.string()),
  outline: z.array(outlineItem),
});

/** An extracted document. */
export type Artefact = z.infer<typeof artefactSchema>;

/** Why a document cannot be extracted. */
export const rejectionSchema = z.object({
  documentId: z.string(),
  source: z.string(),
  code: z.string(),
  reason: z.string(),
});

/** Object key of a document's artefact. */
export function artefactKey(documentId: string): string {
  return `extractions/${EXTRACTOR_VERSION}/${documentId}.json`;
}

/** Object key of the record that says why a document cannot be extracted. */
export function rejectionKey(documentId: string): string {
  return `rejections/${EXTRACTOR_VERSION}/${documentId}.json`;
}
