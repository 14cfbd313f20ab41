/**
 * PDFium as WebAssembly: the default engine. One document at a time per process; its memory never shrinks, so the
 * sandbox recycles its process.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { init, type WrappedPdfiumModule } from '@embedpdf/pdfium';
import {
  EngineError,
  type DocumentHead,
  type ExtractedPage,
  type OutlineItem,
  type PdfEngine,
} from '../engine.ts';
import { normaliseText } from '../normalise.ts';

// From fpdfview.h and fpdf_edit.h.
const ERROR_PASSWORD = 4;
const ERROR_SECURITY = 5;
const OBJECT_IMAGE = 3;
const OBJECT_FORM = 5;
const METADATA = ['Title', 'Author', 'Subject', 'Keywords', 'Creator', 'Producer', 'CreationDate', 'ModDate'];
const MAX_OUTLINE_ITEMS = 5_000;
const MAX_OUTLINE_DEPTH = 20;
/** Objects looked at to tell a scanned page from an empty one. */
const MAX_OBJECTS = 200;

/** Loads the engine; takes about a tenth of a second. */
export async function pdfiumEngine(): Promise<PdfEngine> {
  const path = createRequire(import.meta.url).resolve('@embedpdf/pdfium/pdfium.wasm');
  const wasm = await readFile(path);
  const pdfium = await init({
    wasmBinary: wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength),
  });
  pdfium.PDFiumExt_Init();
  return {
    name: 'pdfium',
    extract(bytes, sink, { password = '' }) {
      const file = new PdfiumFile(pdfium, bytes, password);
      try {
        const head = file.head();
        sink.head(head);
        for (let page = 1; page <= head.pageCount; page += 1) sink.page(file.page(page));
      } finally {
        file.close();
      }
      return Promise.resolve();
    },
  };
}

class PdfiumFile {
  readonly #pdfium: WrappedPdfiumModule;
  readonly #bytes: number;
  readonly #document: number;

  constructor(pdfium: WrappedPdfiumModule, bytes: Uint8Array, password: string) {
    this.#pdfium = pdfium;
    this.#bytes = pdfium.pdfium.wasmExports.malloc(bytes.length);
    heap(pdfium).set(bytes, this.#bytes);
    this.#document = pdfium.FPDF_LoadMemDocument(this.#bytes, bytes.length, password);
    if (this.#document !== 0) return;
    const error = pdfium.FPDF_GetLastError();
    this.#free(this.#bytes);
    if (error === ERROR_PASSWORD)
      throw new EngineError(
        'encrypted',
        password === '' ? 'The document is encrypted and needs a password' : 'The password is wrong',
      );
    if (error === ERROR_SECURITY)
      throw new EngineError('encrypted', 'The document uses an unknown security scheme');
    throw new EngineError('corrupt', 'The file is not a PDF, or damaged beyond repair');
  }

  head(): DocumentHead {
    const pageCount = this.#pdfium.FPDF_GetPageCount(this.#document);
    const metadata: Record<string, string> = {};
    for (const tag of METADATA) {
      const value = this.#utf16((buffer, size) =>
        this.#pdfium.FPDF_GetMetaText(this.#document, tag, buffer, size),
      );
      if (value !== '')
        metadata[tag.charAt(0).toLowerCase() + tag.slice(1)] = normaliseText(value).slice(0, 2_000);
    }
    return { pageCount, metadata, outline: this.#outline() };
  }

  page(number: number): ExtractedPage {
    const page = this.#pdfium.FPDF_LoadPage(this.#document, number - 1);
    // A page that cannot be loaded is reported as it is: without anything on it.
    if (page === 0) return { page: number, text: '', textLayer: 'empty' };
    const textPage = this.#pdfium.FPDFText_LoadPage(page);
    try {
      const text = textPage === 0 ? '' : normaliseText(this.#pageText(textPage));
      if (text !== '') return { page: number, text, textLayer: 'present' };
      return { page: number, text, textLayer: this.#hasPictures(page) ? 'none' : 'empty' };
    } finally {
      if (textPage !== 0) this.#pdfium.FPDFText_ClosePage(textPage);
      this.#pdfium.FPDF_ClosePage(page);
    }
  }

  close(): void {
    this.#pdfium.FPDF_CloseDocument(this.#document);
    this.#free(this.#bytes);
  }

  #pageText(textPage: number): string {
    const count = this.#pdfium.FPDFText_CountChars(textPage);
    if (count <= 0) return '';
    const buffer = this.#pdfium.pdfium.wasmExports.malloc((count + 1) * 2);
    try {
      const written = this.#pdfium.FPDFText_GetText(textPage, 0, count, buffer);
      return this.#decode(buffer, Math.max(0, written - 1) * 2);
    } finally {
      this.#free(buffer);
    }
  }

  #hasPictures(page: number): boolean {
    const count = Math.min(MAX_OBJECTS, this.#pdfium.FPDFPage_CountObjects(page));
    for (let index = 0; index < count; index += 1) {
      const type = this.#pdfium.FPDFPageObj_GetType(this.#pdfium.FPDFPage_GetObject(page, index));
      if (type === OBJECT_IMAGE || type === OBJECT_FORM) return true;
    }
    return false;
  }

  #outline(): OutlineItem[] {
    const items: OutlineItem[] = [];
    const seen = new Set<number>();
    const walk = (parent: number, depth: number): void => {
      let bookmark = this.#pdfium.FPDFBookmark_GetFirstChild(this.#document, parent);
      while (bookmark !== 0 && !seen.has(bookmark) && items.length < MAX_OUTLINE_ITEMS) {
        seen.add(bookmark);
        const current = bookmark;
        const title = normaliseText(
          this.#utf16((buffer, size) => this.#pdfium.FPDFBookmark_GetTitle(current, buffer, size)),
        );
        const destination = this.#pdfium.FPDFBookmark_GetDest(this.#document, bookmark);
        const index =
          destination === 0 ? -1 : this.#pdfium.FPDFDest_GetDestPageIndex(this.#document, destination);
        items.push(index < 0 ? { title, depth } : { title, page: index + 1, depth });
        if (depth < MAX_OUTLINE_DEPTH) walk(bookmark, depth + 1);
        bookmark = this.#pdfium.FPDFBookmark_GetNextSibling(this.#document, bookmark);
      }
    };
    walk(0, 0);
    return items;
  }

  /** Reads a text by PDFium's habit: ask for the size in bytes, then for the UTF-16LE text with its end mark. */
  #utf16(read: (buffer: number, size: number) => number): string {
    const size = read(0, 0);
    if (size <= 2) return '';
    const buffer = this.#pdfium.pdfium.wasmExports.malloc(size);
    try {
      read(buffer, size);
      return this.#decode(buffer, size - 2);
    } finally {
      this.#free(buffer);
    }
  }

  #decode(pointer: number, bytes: number): string {
    return Buffer.from(heap(this.#pdfium).buffer, pointer, bytes).toString('utf16le');
  }

  #free(pointer: number): void {
    this.#pdfium.pdfium.wasmExports.free(pointer);
  }
}

/** The module's memory. Asked for each time: it is another view after the memory has grown. */
function heap({ pdfium }: WrappedPdfiumModule): Uint8Array {
  return (pdfium as unknown as { readonly HEAPU8: Uint8Array }).HEAPU8;
}
