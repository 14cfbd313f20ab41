/**
 * The engine port: from the bytes of a PDF to its pages, one at a time.
 *
 * Engines parse hostile bytes, so they run in a sandbox, never in a worker. They need nothing but their own files: no
 * package of Longshore, no environment.
 */

/** What a page offers to a search: text; pictures or unreadable text that only OCR could read; nothing at all. */
export type TextLayer = 'present' | 'none' | 'empty';

/** Outline (bookmark) entry. */
export interface OutlineItem {
  readonly title: string;
  /** Target page, from 1; absent when it leads outside the document or nowhere. */
  readonly page?: number;
  readonly children?: readonly OutlineItem[];
}

/** The document's own statements about itself; whatever it does not state is absent. */
export interface DocumentMetadata {
  readonly title?: string;
  readonly author?: string;
  readonly subject?: string;
  readonly keywords?: string;
  readonly creator?: string;
  readonly producer?: string;
  /** What the document says it is written in, by BCP 47: `fr-CA`. */
  readonly language?: string;
  /** ISO 8601, with the document's own offset. */
  readonly createdAt?: string;
  readonly modifiedAt?: string;
}

/** A file that the document carries. It is never unpacked. */
export interface Attachment {
  readonly name: string;
}

/** Where a link of a page leads: exactly one of both is there. */
export interface PageLink {
  /** Address outside of the document, as it stands there: it may be of any scheme. */
  readonly uri?: string;
  /** Page of the document, from 1. */
  readonly page?: number;
}

/** What is known of a document besides its pages. */
export interface DocumentHead {
  /** Pages that the document says it has. */
  readonly pageCount: number;
  readonly metadata: DocumentMetadata;
  /** Absent: the engine does not tell. */
  readonly attachments?: readonly Attachment[];
  readonly outline: readonly OutlineItem[];
}

/** What a document tells when it is opened. */
export type DocumentOpening = Omit<DocumentHead, 'outline'>;

/** A filled form field. Passwords, buttons and signatures are left out. */
export interface FormField {
  readonly name: string;
  readonly value: string;
}

/** One page. */
export interface EnginePage {
  /** From 1. */
  readonly page: number;
  /** What a reader would call the page, where the document says so: `iv`, `A-3`. */
  readonly label?: string;
  /**
   * Text as the engine gives it, in the engine's reading order. A hyphen that ends a line may be marked as U+0002 or
   * U+FFFE.
   */
  readonly text: string;
  /** Whether the page draws anything at all. */
  readonly isBlank: boolean;
  /** Whether the page shows text; where `text` is empty nevertheless, another engine may read it. */
  readonly hasTextObjects: boolean;
  readonly fields: readonly FormField[];
  /** Texts of comments and notes. */
  readonly annotations: readonly string[];
  /** Each target once. */
  readonly links: readonly PageLink[];
}

/** A page as it looks, for OCR. */
export interface PageImage {
  /** From 1. */
  readonly page: number;
  /** Pixels, as `height`. */
  readonly width: number;
  readonly height: number;
  /** Pixels to the inch. */
  readonly dpi: number;
  /** One byte of grey for each pixel, from black to white, row by row from the top. */
  readonly pixels: Uint8Array;
}

/** How a page is to be drawn. */
export interface DrawOptions {
  /** From 1. */
  readonly page: number;
  /** Pixels to the inch; fewer where a page would have more than `maxPixels`. */
  readonly dpi: number;
  readonly maxPixels: number;
}

/** An opened document. */
export interface OpenedPdf {
  readonly head: DocumentOpening;
  /**
   * Every page that can be read, in order; with `numbers`, of these pages alone. A damaged page is left out; `head.pageCount`
   * tells that it is missing.
   */
  pages(numbers?: readonly number[]): AsyncIterable<EnginePage>;
  /**
   * The outline. To be asked for after the pages: to find the page of an entry, engines look through the pages, and then
   * know them.
   */
  outline(): Promise<readonly OutlineItem[]>;
  /** A page as it looks, without comments and form values. Nothing: it is damaged, or the engine cannot draw. */
  draw(options: DrawOptions): Promise<PageImage | undefined>;
  close(): Promise<void>;
}

/** Options of {@link PdfEngine.open}. */
export interface OpenOptions {
  /** For encrypted documents. Default: the empty password, which opens documents that are only protected from changes. */
  readonly password?: string;
  /** Told when the bytes are needed no more, as soon as the engine has a copy; some engines never have. */
  readonly onCopied?: () => void;
}

/** An engine. One document at a time. */
export interface PdfEngine {
  readonly name: string;
  /** Version of the library. */
  readonly version: string;
  /** Opens a document; `bytes` may be kept until it is closed, and are never changed. @throws EngineError */
  open(bytes: Uint8Array, options?: OpenOptions): Promise<OpenedPdf>;
}

/** What a module must export to be run as an engine by the sandbox. */
export interface EngineModule {
  /** `argument` is what the engine's `argument` in the sandbox says, or empty. */
  createEngine(argument: string): Promise<PdfEngine>;
}

/** Why an engine gives up on a document. */
export type EngineErrorCode = 'encrypted' | 'corrupt' | 'out_of_memory' | 'engine_crashed';

/**
 * A document that an engine cannot read. After `encrypted` and `corrupt` the engine is sound and takes the next
 * document; after the others its process must go.
 */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: EngineErrorCode;

  constructor(code: EngineErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}
