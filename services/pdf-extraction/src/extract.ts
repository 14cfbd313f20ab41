/**
 * The extractor: PDFium first, pdf-parse where PDFium refuses a document or reads it badly; each in sandboxed children of
 * its own.
 */
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { LongshoreError } from '@longshore/job';
import type { DocumentHead, TextLayer } from './engine.ts';
import { betterOf, doubtsAbout, withPagesOf, type PageDoubts } from './second-opinion.ts';
import type { Ocr, OcrUse } from './ocr/page-ocr.ts';
import { isScan, readScans } from './ocr/read-scans.ts';
import type { PageRange } from './page-ranges.ts';
import type { SandboxEngine } from './sandbox/launch-command.ts';
import type { SandboxLimits } from './sandbox/limits.ts';
import type { ReadPage } from './sandbox/messages.ts';
import type { DocumentFailed, SandboxOutcome } from './sandbox/outcome.ts';
import { sandboxPool, type SandboxPool, type SandboxRunOptions } from './sandbox/sandbox-pool.ts';
import { detectLanguage } from './text/language.ts';
import { sampleOf } from './text/sample.ts';

/** An extracted document. `pages` may be fewer than `pagesWanted`: damaged ones are left out. */
export interface Extracted {
  readonly kind: 'ok';
  /** `pdfium` or `pdf-parse`. */
  readonly engine: string;
  readonly engineVersion: string;
  /** Whether anything of it was read by the fallback. */
  readonly isFallback: boolean;
  /** Pages that the fallback read; where it read some only, `engine` is the one that read the rest. Absent: none. */
  readonly fallbackPages?: number;
  readonly head: DocumentHead;
  readonly pages: readonly ReadPage[];
  /** How many of the document's pages were asked for. */
  readonly pagesWanted: number;
  readonly words: number;
  readonly language: string;
  readonly textLayer: TextLayer;
  /** Present: pages without text were given to OCR; each says what became of it. */
  readonly ocr?: OcrUse;
}

/** An extraction that its caller gave up. */
export interface Aborted {
  readonly kind: 'failed';
  readonly code: 'aborted';
  readonly reason: string;
  readonly blame: 'others';
}

/** An extracted document, or why there is none. */
export type Extraction = Extracted | DocumentFailed | Aborted;

/** Options of {@link Extractor.extract}. */
export interface ExtractOptions {
  /** For encrypted documents. */
  readonly password?: string;
  /** Ends the extraction, which then fails as `aborted`. */
  readonly signal?: AbortSignal;
  /** Pages that are wanted, in order. Default all. */
  readonly pages?: readonly PageRange[];
  /** Whether pages come with their text as the engine gave it, in `original`. Default false. */
  readonly keepOriginal?: boolean;
  /** Languages for OCR. Default those that it was opened with. */
  readonly ocrLanguages?: readonly string[];
  /**
   * Told of each page of the first engine as it comes, before it is known how the document ends and whose pages are kept.
   * What it throws ends the process.
   */
  readonly onPage?: (page: ReadPage) => void;
}

/** Extracts documents in child processes. */
export interface Extractor extends AsyncDisposable {
  /** What recognises scanned pages. Absent: nothing does. */
  readonly ocr?: Pick<Ocr, 'engine' | 'languages' | 'missing'>;
  /**
   * Extracts a document; never rejects for what the document is or does.
   *
   * @throws LongshoreError `engine_crashed` (retryable) when no child process can be started, `closed` after `close`
   */
  extract(bytes: Uint8Array, options?: ExtractOptions): Promise<Extraction>;
  /** Starts the default engine's children ahead of the first document. @throws LongshoreError `engine_crashed` */
  warmUp(): Promise<void>;
  /** Ends all children; documents under way reject with `closed`. Idempotent. */
  close(): Promise<void>;
}

/** Options of {@link createExtractor}. */
export interface ExtractorOptions {
  /**
   * Child processes of the default engine, and so documents that are read at a time. Two extractions more than that keep
   * them busy; further ones wait.
   */
  readonly children: number;
  /** The same for the fallback engine, started when first needed. Default 1: it is needed for one document in ten. */
  readonly fallbackChildren?: number;
  /** What one document may cost each engine. */
  readonly limits?: Partial<SandboxLimits>;
  /** Default PDFium. */
  readonly engine?: SandboxEngine;
  /** Default pdf-parse. `none`: a document is what the first engine makes of it. */
  readonly fallback?: SandboxEngine | 'none';
  /** Recognises pages that show something and have no text; closed with the extractor. Default none: they stay without. */
  readonly ocr?: Ocr;
}

/** PDFium as WebAssembly. */
export const PDFIUM: SandboxEngine = {
  moduleUrl: new URL(`./pdfium/index${extension()}`, import.meta.url).href,
  packages: ['@embedpdf/pdfium'],
};

/**
 * PDFium as a shared library that the operator supplies, by its absolute path: half again as fast, and less enclosed. Needs
 * the optional package `koffi`.
 *
 * @throws LongshoreError `invalid_options` when there is no such file
 */
export function nativePdfium(path: string): SandboxEngine {
  if (!isAbsolute(path) || !existsSync(path))
    throw new LongshoreError(
      'invalid_options',
      `Cannot use "${path}" as PDFium library: expected the absolute path of a file`,
    );
  return {
    moduleUrl: new URL(`./pdfium-native/index${extension()}`, import.meta.url).href,
    packages: ['koffi', `@koromix/koffi-${process.platform}-${process.arch}`],
    readable: [path],
    argument: path,
    isNative: true,
  };
}

/** pdf-parse on pdf.js. Its optional native canvas stays out of reach: the permission model loads no native code. */
export const PDF_PARSE: SandboxEngine = {
  moduleUrl: new URL(`./pdf-parse/index${extension()}`, import.meta.url).href,
  packages: ['pdf-parse', 'pdfjs-dist'],
};

/** Makes an extractor. No process is started before the first document or `warmUp`. @throws LongshoreError `invalid_options` */
export function createExtractor(options: ExtractorOptions): Extractor {
  const { children, fallbackChildren = 1, limits = {}, engine = PDFIUM, fallback = PDF_PARSE, ocr } = options;
  const first = sandboxPool({ engine, children, limits });
  const second =
    fallback === 'none'
      ? undefined
      : sandboxPool({ engine: fallback, children: fallbackChildren, limits, keepWarm: false });
  const close = async (): Promise<void> => {
    await Promise.all([first.close(), second?.close(), ocr?.close()]);
  };
  return {
    ...(ocr === undefined ? {} : { ocr }),
    async extract(bytes, { ocrLanguages, ...run } = {}) {
      try {
        const reading = await read(bytes, run, { first, second });
        if (ocr === undefined || reading.outcome.kind === 'failed' || !reading.outcome.pages.some(isScan))
          return conclude(reading);
        const { password, signal } = run;
        const languages = ocrLanguages ?? ocr.languages;
        const pages = await readScans(bytes, reading.outcome.pages, {
          ocr,
          pool: first,
          languages,
          ...(password === undefined ? {} : { password }),
          ...(signal === undefined ? {} : { signal }),
        });
        if ('kind' in pages) return pages;
        return conclude({ ...reading, outcome: { ...reading.outcome, pages } }, { ...ocr.engine, languages });
      } catch (error) {
        if (run.signal?.aborted !== true) throw error;
        return { kind: 'failed', code: 'aborted', reason: 'The extraction was cancelled', blame: 'others' };
      }
    },
    warmUp: () => first.warmUp(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** What the engines read. */
interface Reading {
  readonly outcome: SandboxOutcome;
  /** Pages of it that the fallback read. */
  readonly fallbackPages: number;
}

async function read(
  bytes: Uint8Array,
  run: SandboxRunOptions,
  { first, second }: { readonly first: SandboxPool; readonly second: SandboxPool | undefined },
): Promise<Reading> {
  const outcome = await first.run(bytes, run);
  const doubts = doubtsAbout(outcome);
  if (second === undefined || doubts === 'none') return { outcome, fallbackPages: 0 };
  const { onPage: _, ...again } = run;
  if (doubts !== 'document') return await askAboutPages(second, bytes, { ...again, ...doubts });
  const other = await second.run(bytes, again);
  const chosen = betterOf(outcome, other);
  return {
    outcome: chosen,
    fallbackPages: chosen === other && other.kind === 'ok' ? other.pages.length : 0,
  };
}

async function askAboutPages(
  second: SandboxPool,
  bytes: Uint8Array,
  { read: first, pages, ...run }: PageDoubts & Omit<SandboxRunOptions, 'pages'>,
): Promise<Reading> {
  const other = await second.run(bytes, { ...run, pages: pages.map((page) => [page, page]) });
  const { merged, taken } = withPagesOf(first, other);
  return { outcome: merged, fallbackPages: taken };
}

function conclude({ outcome, fallbackPages }: Reading, ocr?: OcrUse): Extraction {
  if (outcome.kind === 'failed') return outcome;
  const { engine, head, pages, pagesWanted } = outcome;
  return {
    kind: 'ok',
    engine: engine.name,
    engineVersion: engine.version,
    isFallback: fallbackPages > 0,
    ...(fallbackPages === 0 ? {} : { fallbackPages }),
    head,
    pages,
    pagesWanted,
    words: pages.reduce((sum, page) => sum + page.words, 0),
    language: languageOf(pages, head),
    textLayer: textLayerOf(pages),
    ...(ocr === undefined ? {} : { ocr }),
  };
}

/** By its words; where they do not tell, what the document says. */
function languageOf(pages: readonly ReadPage[], { metadata }: DocumentHead): string {
  const detected = detectLanguage(sampleOf(pages));
  if (detected !== 'und' || metadata.language === undefined) return detected;
  const said = new Intl.Locale(metadata.language).language;
  return /^[a-z]{2}$/.test(said) ? said : 'und';
}

function textLayerOf(pages: readonly ReadPage[]): TextLayer {
  if (pages.some((page) => page.textLayer === 'present')) return 'present';
  return pages.some((page) => page.textLayer === 'none') ? 'none' : 'empty';
}

function extension(): string {
  return import.meta.url.endsWith('.ts') ? '.ts' : '.js';
}
