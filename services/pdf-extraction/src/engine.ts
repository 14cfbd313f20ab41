/** The engine port: from the bytes of a PDF to its pages, one at a time. Engines run in a sandbox, never in a worker. */

/** Outline entry; `depth` from 0. */
export interface OutlineItem {
  readonly title: string;
  readonly page?: number;
  readonly depth: number;
}

/** What is known before the first page. */
export interface DocumentHead {
  readonly pageCount: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly outline: readonly OutlineItem[];
}

/** One page. */
export interface ExtractedPage {
  /** From 1. */
  readonly page: number;
  readonly text: string;
  /** `none`: pictures but no text. `empty`: neither. */
  readonly textLayer: 'present' | 'none' | 'empty';
}

/** Where an engine's results go, in order: one head, then the pages. */
export interface ExtractionSink {
  head(head: DocumentHead): void;
  page(page: ExtractedPage): void;
}

/** An engine. Throws `EngineError` for documents that it cannot read. */
export interface PdfEngine {
  readonly name: string;
  extract(bytes: Uint8Array, sink: ExtractionSink, options: { readonly password?: string }): Promise<void>;
}

/** A document that an engine cannot read. */
export class EngineError extends Error {
  readonly code: 'encrypted' | 'corrupt';

  constructor(code: 'encrypted' | 'corrupt', message: string) {
    super(message);
    this.code = code;
  }
}
