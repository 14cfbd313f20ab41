export {
  EXTRACTOR_VERSION,
  artefactKey,
  artefactSchema,
  excerptKey,
  rejectionKey,
  rejectionSchema,
} from './artefact.ts';
export type { Artefact, Rejection } from './artefact.ts';
export type { EngineModule } from './engine.ts';
export { createExtractor, PDFIUM, nativePdfium } from './extract.ts';
export type { ExtractOptions, Extracted, Extraction, Extractor, ExtractorOptions } from './extract.ts';
export { extractPdf } from './extract-pdf.ts';
export type { ExtractPdf } from './extract-pdf.ts';
export { ocrSettings } from './ocr/ocr-settings.ts';
export { openTesseract } from './ocr/tesseract.ts';
export { extractionHandlers } from './handlers.ts';
export { decodeS3Event, importS3Event } from './s3-event.ts';
export type { ImportS3Event } from './s3-event.ts';
export type { SandboxEngine } from './sandbox/launch-command.ts';
export { DEFAULT_LIMITS } from './sandbox/limits.ts';
export type { SandboxLimits } from './sandbox/limits.ts';
export type { RejectionCode } from './sandbox/outcome.ts';
export { preparePage } from './sandbox/prepare-page.ts';
export { sha256 } from './sha256.ts';
export { followUp } from './document-event.ts';
export type { DocumentEvent, FollowUp } from './document-event.ts';
