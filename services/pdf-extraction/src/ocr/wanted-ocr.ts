/** Which OCR a job wants: the service's, in the job's languages where it names some. Pure. */
import { bury, type Directive } from '@longshore/job';
import type { Ocr, OcrUse } from './page-ocr.ts';

/** What a job says of OCR. */
export interface OcrOfJob {
  /** Names as tesseract's, `fra`, `eng`, one to four in the order of their weight. */
  readonly languages: readonly string[];
}

/** Nothing: OCR is off. A directive: the job wants what is not here. */
export function wantedOcr(
  ocr: Pick<Ocr, 'engine' | 'languages' | 'missing'> | undefined,
  job: OcrOfJob | undefined,
): OcrUse | Directive | undefined {
  if (ocr === undefined) {
    if (job === undefined) return undefined;
    return bury(
      'unsupported',
      'The job names languages for OCR, which is off here: set LONGSHORE_OCR=scanned',
    );
  }
  const languages = job?.languages ?? ocr.languages;
  const missing = ocr.missing(languages);
  if (missing.length === 0) return { ...ocr.engine, languages };
  return bury(
    'unsupported',
    `There is no OCR data for ${missing.join(', ')} here: install it on the workers, or name other languages`,
  );
}
