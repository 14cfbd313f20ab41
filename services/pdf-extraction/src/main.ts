/**
 * Runs one extraction worker.
 *
 * | variable | meaning | default |
 * |---|---|---|
 * | `LONGSHORE_PDF_PAGE_SECONDS` | processor time for one page; eight times that on the clock | 5 |
 * | `LONGSHORE_PDF_MEMORY_MIB` | most memory for one document | 1024 |
 * | `LONGSHORE_PDF_MAX_PAGES` | most pages that are read of one document | 50000 |
 * | `LONGSHORE_PDF_MAX_MIB` | largest PDF | 100 |
 * | `LONGSHORE_PDFIUM_PATH` | absolute path of a libpdfium, for the native engine | PDFium as WebAssembly |
 * | `LONGSHORE_OCR` | `scanned`: pages without text are recognised by tesseract | `off` |
 * | `LONGSHORE_OCR_LANGUAGES` | languages for it, with commas between | `fra,eng` |
 * | `LONGSHORE_TESSERACT_PATH` | absolute path of tesseract | where packages put it |
 * | `LONGSHORE_INPUT_BUCKET` | bucket whose S3 events are imported | none |
 */
import { LongshoreError } from '@longshore/job';
import { launch } from '@longshore/launch';
import fleet from '../../../fleet.ts';
import {
  DEFAULT_LIMITS,
  createExtractor,
  decodeS3Event,
  extractionHandlers,
  followUp,
  nativePdfium,
  ocrSettings,
  openTesseract,
  type FollowUp,
} from './index.ts';

const MIB = 1_048_576;
const CPU_UNITS_OF_A_PROCESSOR = 1_024;

await launch({
  fleet,
  service: 'pdf-extraction',
  async setUp({ env, service, isServed }) {
    const limits = {
      pageMs: positive(env, 'LONGSHORE_PDF_PAGE_SECONDS', 5) * 1_000,
      memoryBytes: positive(env, 'LONGSHORE_PDF_MEMORY_MIB', 1_024) * MIB,
      pages: positive(env, 'LONGSHORE_PDF_MAX_PAGES', DEFAULT_LIMITS.pages),
    };
    const library = env['LONGSHORE_PDFIUM_PATH'] ?? '';
    const engine = library === '' ? {} : { engine: nativePdfium(library) };
    // A further slot fetches and stores while these read.
    const children = Math.min(service.slots, Math.ceil(service.cpuUnits / CPU_UNITS_OF_A_PROCESSOR));
    const settings = ocrSettings(env);
    const ocr = settings && { ocr: await openTesseract({ ...settings, processes: children }) };
    const extractor = createExtractor({ children, limits, ...engine, ...ocr });
    const bucket = env['LONGSHORE_INPUT_BUCKET'];
    return {
      handlers: extractionHandlers({
        extractor,
        maxPdfBytes: positive(env, 'LONGSHORE_PDF_MAX_MIB', 100) * MIB,
        followUps: await servedFollowUps(isServed),
        ...(bucket === undefined ? {} : { bucket }),
      }),
      decoders: [decodeS3Event],
      close: () => extractor.close(),
    };
  },
});

/** Who is told of each document: services that run here. What others depend on is not even loaded. */
async function servedFollowUps(isServed: (job: string) => boolean): Promise<FollowUp[]> {
  const followUps: FollowUp[] = [];
  if (isServed('publish-document')) {
    const { publishDocument } = await import('@longshore/service-delivery/jobs');
    followUps.push(followUp(publishDocument, (event) => event));
  }
  if (isServed('record-document')) {
    const { recordDocument } = await import('@longshore/service-warehouse-sync');
    followUps.push(followUp(recordDocument, (event) => event));
  }
  if (isServed('count-document')) {
    const { countDocument } = await import('@longshore/service-dashboard-sync/jobs');
    followUps.push(followUp(countDocument, (event) => event));
  }
  return followUps;
}

function positive(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  otherwise: number,
): number {
  const value = Number(env[name] ?? otherwise);
  if (value > 0) return value;
  throw new LongshoreError('invalid_options', `${name} is "${env[name]}", expected a number above 0`);
}
