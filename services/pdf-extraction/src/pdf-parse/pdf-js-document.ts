/** The part of pdf.js that pdf-parse works on and does not pass through: outline targets, labels, forms, comments. */
import type { PDFParse } from 'pdf-parse';

/** A reference to an object of the document. */
export interface PdfJsReference {
  readonly num: number;
  readonly gen: number;
}

/** Outline entry; `dest` is a destination or the name of one. */
export interface PdfJsOutlineItem {
  readonly title: string;
  readonly dest: string | readonly unknown[] | null;
  readonly items: readonly PdfJsOutlineItem[];
}

/** Annotation, as far as it carries text. */
export interface PdfJsAnnotation {
  readonly subtype?: string;
  readonly fieldType?: string;
  readonly fieldName?: string;
  readonly fieldValue?: unknown;
  readonly password?: boolean;
  /** Of a link: its address where pdf.js finds it safe, or its destination or the name of one. */
  readonly url?: string;
  readonly dest?: string | readonly unknown[] | null;
  readonly contentsObj?: { readonly str?: string };
}

/** Page. */
export interface PdfJsPage {
  getAnnotations(): Promise<readonly PdfJsAnnotation[]>;
  getOperatorList(): Promise<{ readonly fnArray: readonly number[] }>;
  cleanup(): void;
}

/** Document. */
export interface PdfJsDocument {
  readonly numPages: number;
  getMetadata(): Promise<{ readonly info: Readonly<Record<string, unknown>> }>;
  getOutline(): Promise<readonly PdfJsOutlineItem[] | null>;
  getDestination(name: string): Promise<readonly unknown[] | null>;
  getPageIndex(reference: PdfJsReference): Promise<number>;
  getPageLabels(): Promise<readonly string[] | null>;
  getPage(number: number): Promise<PdfJsPage>;
}

/** The document under a parser; pdf-parse 2 has it, but does not declare it. */
export function pdfJsDocument(parser: PDFParse): Promise<PdfJsDocument> {
  return (parser as unknown as { load(): Promise<PdfJsDocument> }).load();
}
