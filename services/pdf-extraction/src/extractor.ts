/**
 * The extractor: PDFium first, pdf-parse where PDFium refuses a document or finds no text in it; each in sandboxed
 * children of its own.
 */
import type { DocumentHead, ExtractedPage } from './engine.ts';
import { sandboxPool, type SandboxPool } from './sandbox/pool.ts';
import type { SandboxLimits } from './sandbox/limits.ts';
import type { SandboxOutcome } from './sandbox/sandbox-process.ts';

/** An extracted document, or why there is none. */
export type Extraction =
  | {
      readonly kind: 'ok';
      readonly engine: 'pdfium' | 'pdf-parse';
      readonly head: DocumentHead;
      readonly pages: readonly ExtractedPage[];
    }
  | Extract<SandboxOutcome, { kind: 'failed' }>;

/** Extracts documents. */
export interface Extractor extends AsyncDisposable {
  extract(
    bytes: Uint8Array,
    options?: { readonly password?: string; readonly signal?: AbortSignal },
  ): Promise<Extraction>;
  close(): Promise<void>;
}

/** Makes an extractor for `slots` documents at a time. Nothing is started before the first. */
export function createExtractor({
  slots,
  limits = {},
}: {
  readonly slots: number;
  readonly limits?: Partial<SandboxLimits>;
}): Extractor {
  const first: SandboxPool = sandboxPool({ engine: 'pdfium', size: slots, limits });
  const fallback: SandboxPool = sandboxPool({ engine: 'pdf-parse', size: 1, limits });
  const close = async (): Promise<void> => {
    await Promise.all([first.close(), fallback.close()]);
  };
  return {
    async extract(bytes, options = {}) {
      const outcome = await first.run(bytes, options);
      if (!wantsFallback(outcome)) return outcome.kind === 'ok' ? { ...outcome, engine: 'pdfium' } : outcome;
      const second = await fallback.run(bytes, options);
      // The fallback must bring something new: text where there was none, a document where there was a refusal.
      if (second.kind === 'ok' && (outcome.kind === 'failed' || hasText(second.pages))) {
        const head = outcome.kind === 'ok' ? outcome.head : second.head;
        return { ...second, head, engine: 'pdf-parse' };
      }
      return outcome.kind === 'ok' ? { ...outcome, engine: 'pdfium' } : outcome;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function wantsFallback(outcome: SandboxOutcome): boolean {
  // Who crashed one engine or broke its limits gets no second try at another.
  if (outcome.kind === 'failed') return outcome.code === 'corrupt';
  // Pages without any text: pictures are scans, which no engine reads; but forms and odd fonts are worth a second look.
  return !hasText(outcome.pages) && outcome.pages.length > 0 && outcome.pages.length <= FALLBACK_PAGES;
}

/** A long document without text is a scan; the fallback would need long to find the same. */
const FALLBACK_PAGES = 50;

function hasText(pages: readonly ExtractedPage[]): boolean {
  return pages.some((page) => page.text !== '');
}
