/** What extraction leaves in the object store for each document, and where. Other services read it by its own schema. */
import { z } from 'zod';
import type { OutlineItem } from './engine.ts';
import { OCR_FAILURE_CODES, type OcrUse } from './ocr/page-ocr.ts';

/** Raise it when the same bytes would give another artefact: every document is then extracted again when it comes by. */
export const EXTRACTOR_VERSION = '3';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const textLayer = z.enum(['present', 'none', 'empty']);
const text = z.string().exactOptional();

const outlineItem: z.ZodType<OutlineItem> = z.object({
  title: z.string(),
  page: z.number().int().min(1).exactOptional(),
  get children() {
    return z.array(outlineItem).exactOptional();
  },
});

const link = z.object({ uri: text, page: z.number().int().min(1).exactOptional() });

const page = z.object({
  /** From 1. */
  page: z.number().int().min(1),
  /** What readers call the page: `iv`, `A-3`. */
  label: text,
  /** Text in reading order, with values of form fields and comments at its end. */
  text: z.string(),
  /** As the engine gave it: ligatures, hyphens at line ends and all. Absent: it was not asked for. */
  original: text,
  textLayer,
  /** `ocr`: the text was recognised in a picture of the page. Absent: it is the document's own. */
  source: z.literal('ocr').exactOptional(),
  /** Of recognised text, from 0 to 1, by the account of the program. Absent: nothing was recognised. */
  confidence: z.number().min(0).max(1).exactOptional(),
  /** Why nothing could be recognised. */
  ocrFailure: z.object({ code: z.enum(OCR_FAILURE_CODES), reason: z.string() }).exactOptional(),
  /** Filled form fields; passwords, buttons and signatures are left out. */
  fields: z.array(z.object({ name: z.string(), value: z.string() })).exactOptional(),
  /** Where its links lead: an address or a page, each once. Addresses are the document's own and may be of any scheme. PDFium tells pages in documents of up to 250 pages. */
  links: z.array(link).exactOptional(),
});

/** Schema of an artefact. */
export const artefactSchema = z.object({
  /** SHA-256 of the PDF, hex. */
  documentId: sha256,
  /** The name under which these bytes came first. */
  source: text,
  extractor: z.object({
    version: z.string(),
    engine: z.string(),
    engineVersion: z.string(),
    /** Whether the default engine failed or did worse. */
    isFallback: z.boolean(),
    /** Present: pages without text were given to OCR. */
    ocr: z
      .object({
        name: z.string(),
        version: z.string(),
        languages: z.array(z.string()).readonly(),
        /** ISO 8601. */
        recognisedAt: z.iso.datetime(),
      })
      .exactOptional(),
  }),
  /** Pages that the document says it has; damaged ones are missing from `pages`. */
  pageCount: z.number().int().min(0),
  /** Which of them were asked for, such as `1-20,35`. Absent: all. */
  pagesWanted: text,
  pages: z.array(page),
  words: z.number().int().min(0),
  /** `none`: something is drawn but no text, so probably a scan. `empty`: nothing at all. */
  textLayer,
  /** ISO 639-1 code, or `und`: by its text, else by what the document says. */
  language: z.string(),
  metadata: z.object({
    title: text,
    author: text,
    subject: text,
    keywords: text,
    creator: text,
    producer: text,
    /** What the document says it is written in, by BCP 47. */
    language: text,
    /** ISO 8601. */
    createdAt: text,
    modifiedAt: text,
  }),
  outline: z.array(outlineItem),
  /** Files that the document carries; never unpacked. Absent: the engine does not tell. */
  attachments: z.array(z.object({ name: z.string() })).exactOptional(),
});

/** An extracted document. */
export type Artefact = z.infer<typeof artefactSchema>;

/** Schema of the record that says why a document cannot be extracted. */
export const rejectionSchema = z.object({
  documentId: sha256,
  source: text,
  extractor: z.object({ version: z.string() }),
  code: z.enum(['encrypted', 'corrupt', 'too_large', 'timed_out', 'out_of_memory', 'engine_crashed']),
  reason: z.string(),
});

/** Why a document cannot be extracted. */
export type Rejection = z.infer<typeof rejectionSchema>;

/** Prefixes of everything that extraction writes; objects below them are never taken for input. */
export const OUTPUT_PREFIXES: readonly string[] = [
  'excerpts/',
  'extractions/',
  'recognitions/',
  'rejections/',
];

/** Object key of a document's artefact; `documentId` is the SHA-256 of its bytes, hex. Default: the one without OCR. */
export function artefactKey(documentId: string, revision: number = Number(EXTRACTOR_VERSION)): string {
  return `extractions/${revision}/${documentId}.json`;
}

/**
 * Object key of the artefact of some pages, or of one with original texts: apart for each choice of pages and, where scans
 * are recognised, each OCR.
 */
export function excerptKey(
  documentId: string,
  pages: string,
  { ocr, keepOriginal = false }: { readonly ocr?: OcrUse | undefined; readonly keepOriginal?: boolean } = {},
): string {
  const kind = [
    EXTRACTOR_VERSION,
    ...(ocr === undefined ? [] : ocrParts(ocr)),
    ...(keepOriginal ? ['original'] : []),
  ];
  return `excerpts/${kind.join('-')}/${documentId}/${pages}.json`;
}

function ocrParts({ name, version, languages }: OcrUse): string[] {
  return [name, version.replace(/[^\w.-]/g, ''), ...languages];
}

/** Object key of the record that says where the artefact lies that this OCR made. */
export function recognitionKey(documentId: string, ocr: OcrUse): string {
  return `recognitions/${[EXTRACTOR_VERSION, ...ocrParts(ocr)].join('-')}/${documentId}.json`;
}

/** Schema of that record. */
export const recognitionSchema = z.object({ artefactKey: z.string() });

const OCR_REVISIONS_SINCE_MS = Date.UTC(2025, 0);
const MS_PER_SECOND = 1_000;

/**
 * What others know a text's age by: the higher one wins. A recognised text outranks one without it, and one that was
 * recognised earlier, with other languages or by another version of the program.
 */
export function revisionOf(result: Artefact | Rejection): number {
  const ocr = 'code' in result ? undefined : result.extractor.ocr;
  if (ocr === undefined) return Number(EXTRACTOR_VERSION);
  return Math.floor((Date.parse(ocr.recognisedAt) - OCR_REVISIONS_SINCE_MS) / MS_PER_SECOND);
}

/** Object key of the record that says why a document cannot be extracted. */
export function rejectionKey(documentId: string): string {
  return `rejections/${EXTRACTOR_VERSION}/${documentId}.json`;
}
