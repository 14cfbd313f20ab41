/**
 * Runs one extraction worker.
 *
 * | variable | meaning | default |
 * |---|---|---|
 * | `LONGSHORE_PDF_PAGE_SECONDS` | processor time for one page; eight times that on the clock | 5 |
 * | `LONGSHORE_PDF_MEMORY_MIB` | most memory for one document | 1024 |
 * | `LONGSHORE_PDFIUM_PATH` | absolute path of a libpdfium, for the native engine | PDFium as WebAssembly |
 * | `LONGSHORE_INPUT_BUCKET` | bucket whose S3 events are imported | none |
 */
import { LongshoreError } from '@longshore/job';
import { launch } from '@longshore/launch';
import fleet from '../../../fleet.ts';
import { createExtractor, decodeS3Event, extractionHandlers, nativePdfium } from './index.ts';

await launch({
  fleet,
  service: 'pdf-extraction',
  setUp({ env, service }) {
    const limits = {
      pageMs: positive(env, 'LONGSHORE_PDF_PAGE_SECONDS', 5) * 1_000,
      memoryBytes: positive(env, 'LONGSHORE_PDF_MEMORY_MIB', 1_024) * 1_048_576,
    };
    const library = env['LONGSHORE_PDFIUM_PATH'] ?? '';
    const engine = library === '' ? {} : { engine: nativePdfium(library) };
    const extractor = createExtractor({ slots: service.slots, limits, ...engine });
    const bucket = env['LONGSHORE_INPUT_BUCKET'];
    return {
      handlers: extractionHandlers({ extractor, ...(bucket === undefined ? {} : { bucket }) }),
      decoders: [decodeS3Event],
      close: () => extractor.close(),
    };
  },
});

function positive(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  otherwise: number,
): number {
  const value = Number(env[name] ?? otherwise);
  if (value > 0) return value;
  throw new LongshoreError('invalid_options', `${name} is "${env[name]}", expected a number above 0`);
}
