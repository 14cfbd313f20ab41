/** What OCR makes of a page, and what it may cost. */
import { LongshoreError } from '@longshore/job';
import { z } from 'zod';
import type { PageImage } from '../engine.ts';
import type { EngineId } from '../sandbox/outcome.ts';

/** Why a page has no recognised text. */
export type OcrFailureCode = (typeof OCR_FAILURE_CODES)[number];

/** Every {@link OcrFailureCode}. */
export const OCR_FAILURE_CODES = [
  /** The engine cannot draw the page. */
  'not_drawn',
  'timed_out',
  'out_of_memory',
  'engine_crashed',
] as const;

/** A page whose text was recognised. */
export interface RecognisedPage {
  readonly kind: 'ok';
  /** From 0 to 1, by the program's own account, each word as much as its length. Absent: nothing was recognised. */
  readonly confidence?: number;
}

/** A page whose text was not recognised. */
export interface UnrecognisedPage {
  readonly kind: 'failed';
  readonly code: OcrFailureCode;
  readonly reason: string;
}

/** What OCR made of a page. */
export type PageOcr = RecognisedPage | UnrecognisedPage;

/** What the text of an image is. */
export interface Recognition extends RecognisedPage {
  /** In reading order, lines apart. */
  readonly text: string;
}

/** What recognised the pages of a document. */
export interface OcrUse extends EngineId {
  /** In the order of their weight. */
  readonly languages: readonly string[];
}

/** What OCR may cost. */
export interface OcrLimits {
  /** Processor time for one page, eight times that on the clock. Default 30 s. */
  readonly pageMs: number;
  /** Address space for one page. Default 768 MiB. */
  readonly memoryBytes: number;
  /** Pixels of an image; larger pages are drawn more coarsely. Default 16 million. */
  readonly pixels: number;
  /** On the clock for all scanned pages of a document; the ones that do not come to their turn fail. Default 10 minutes. */
  readonly documentMs: number;
}

/**
 * Ten times what a full page takes; six times the memory; an A4 page with 300 pixels to the inch has 8.7 million; a job may
 * take 15 minutes, and what was recognised by then would be lost.
 */
export const DEFAULT_OCR_LIMITS: OcrLimits = {
  pageMs: 30_000,
  memoryBytes: 805_306_368,
  pixels: 16_000_000,
  documentMs: 600_000,
};

/** Options of {@link Ocr.recognise}. */
export interface RecogniseOptions {
  /** In the order of their weight. */
  readonly languages: readonly string[];
  /** Ends the wait or the recognition; the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Recognises text in images. */
export interface Ocr extends AsyncDisposable {
  readonly engine: EngineId;
  /** Languages where a job does not name others. */
  readonly languages: readonly string[];
  readonly limits: OcrLimits;
  /** Those of the languages that it has no data for. */
  missing(languages: readonly string[]): readonly string[];
  /**
   * Recognises a page. `draw` is called when it is this page's turn, so that no more images are held than are recognised.
   * Never rejects for what the image is.
   *
   * @throws what `draw` throws, and LongshoreError `closed` after `close`
   */
  recognise(
    draw: () => Promise<PageImage | OcrFault>,
    options: RecogniseOptions,
  ): Promise<Recognition | OcrFault>;
  /** Ends everything under way, which rejects with `closed`. Idempotent. */
  close(): Promise<void>;
}

/** A process that somebody else ended: the kernel, for the memory of the whole container; an operator. */
export interface KilledByOthers {
  readonly kind: 'killed';
  readonly reason: string;
}

/** Why an image was not recognised. */
export type OcrFault = UnrecognisedPage | KilledByOthers;

const MAX_LANGUAGES = 4;

/** Schema of languages as tesseract names them: `fra`, `chi_sim`. */
export const ocrLanguages: z.ZodType<readonly string[], readonly string[]> = z
  .array(
    z.string().regex(/^[a-z]{3}(?:_[a-z]{3,8}){0,2}$/i, 'Expected the name of a language, such as "fra"'),
  )
  .min(1)
  .max(MAX_LANGUAGES)
  .refine((names) => new Set(names).size === names.length, 'Expected each language once')
  .readonly();

/** The default limits with overrides, checked. @throws LongshoreError `invalid_options`, all faults in one message. */
export function ocrLimits(overrides: Partial<OcrLimits> = {}): OcrLimits {
  const limits = { ...DEFAULT_OCR_LIMITS, ...overrides };
  const faults = Object.entries(limits)
    .filter(([, value]) => !(Number.isFinite(value) && value > 0))
    .map(([name, value]) => `${name} is ${value}, expected a number above 0`);
  if (faults.length > 0)
    throw new LongshoreError('invalid_options', `Cannot use these limits of OCR: ${faults.join('; ')}`);
  return limits;
}
