/** All handlers of the service. */
import type { HandlerBinding } from '@longshore/worker';
import { extractPdfHandler } from './extract-pdf.ts';
import type { Extractor } from './extractor.ts';
import { importS3EventHandler } from './s3-event.ts';

/** Handlers on an extractor; `bucket` is the one whose S3 events are imported. */
export function extractionHandlers({
  extractor,
  bucket,
}: {
  readonly extractor: Extractor;
  readonly bucket?: string;
}): HandlerBinding[] {
  return [extractPdfHandler(extractor), importS3EventHandler(bucket)];
}
