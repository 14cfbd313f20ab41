/** The service's handlers, for its composition root. */
import type { HandlerBinding } from '@longshore/worker';
import { extractPdfHandler, type ExtractPdfOptions } from './extract-pdf.ts';
import { importS3EventHandler, type ImportS3EventOptions } from './s3-event.ts';

/** Handlers of `extract-pdf` and `import-s3-event`. */
export function extractionHandlers(options: ExtractPdfOptions & ImportS3EventOptions): HandlerBinding[] {
  return [extractPdfHandler(options), importS3EventHandler(options)];
}
