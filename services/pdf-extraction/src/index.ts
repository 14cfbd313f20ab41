export { EXTRACTOR_VERSION, artefactKey, artefactSchema, rejectionKey, rejectionSchema } from './artefact.ts';
export type { Artefact } from './artefact.ts';
export { extractPdf } from './extract-pdf.ts';
export { createExtractor } from './extractor.ts';
export type { Extraction, Extractor } from './extractor.ts';
export { extractionHandlers } from './handlers.ts';
export { decodeS3Event, importS3Event } from './s3-event.ts';
