/** The service's settings of OCR, from its environment. Pure. */
import { LongshoreError } from '@longshore/job';
import { DEFAULT_OCR_LANGUAGES, type TesseractOptions } from './tesseract.ts';

/** Options of tesseract, or nothing where OCR is off. @throws LongshoreError `invalid_options` */
export function ocrSettings(
  env: Readonly<Record<string, string | undefined>>,
): Pick<TesseractOptions, 'program' | 'languages'> | undefined {
  const mode = env['LONGSHORE_OCR'] ?? '';
  if (mode === '' || mode === 'off') return undefined;
  if (mode !== 'scanned')
    throw new LongshoreError('invalid_options', `LONGSHORE_OCR is "${mode}", expected "off" or "scanned"`);
  const program = env['LONGSHORE_TESSERACT_PATH'] ?? '';
  const languages = env['LONGSHORE_OCR_LANGUAGES'] ?? '';
  return {
    languages:
      languages === '' ? DEFAULT_OCR_LANGUAGES : languages.split(',').map((language) => language.trim()),
    ...(program === '' ? {} : { program }),
  };
}
