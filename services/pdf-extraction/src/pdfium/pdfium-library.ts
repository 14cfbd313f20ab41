/** PDFium with its memory, however it was loaded: the few calls that the modules of both engines share. */
import type { PdfiumApi } from './pdfium-api.ts';

/** The library. `api` holds PDFium's C functions by name. */
export interface PdfiumLibrary {
  readonly api: PdfiumApi;
  /** Takes memory. @throws EngineError `out_of_memory` */
  readonly allocate: (bytes: number) => number;
  readonly free: (pointer: number) => void;
  readonly write: (pointer: number, bytes: Uint8Array) => void;
  /** A copy of the bytes at a pointer. */
  readonly read: (pointer: number, bytes: number) => Uint8Array;
  /** UTF-16LE text at a pointer. */
  readonly readUtf16: (pointer: number, bytes: number) => string;
  /**
   * A text by PDFium's habit: `read(0, 0)` tells the bytes it needs, its end mark included, a second call writes it. At
   * most 128 KiB are read.
   */
  readonly text: (read: (buffer: number, bytes: number) => number) => string;
  /** Memory in use by the module, whether its allocator has given it back or not. */
  readonly memoryBytes: () => number;
}

/** A title, a name, a form value: longer ones are cut. */
const MAX_TEXT_BYTES = 131_072;
const END_MARK_BYTES = 2;

/** Makes {@link PdfiumLibrary.text} of the calls that it is made of. */
export function textReader({
  allocate,
  free,
  readUtf16,
}: Pick<PdfiumLibrary, 'allocate' | 'free' | 'readUtf16'>): PdfiumLibrary['text'] {
  return (read) => {
    const bytes = read(0, 0);
    if (bytes <= END_MARK_BYTES) return '';
    const buffer = allocate(bytes);
    try {
      read(buffer, bytes);
      return readUtf16(buffer, Math.min(bytes - END_MARK_BYTES, MAX_TEXT_BYTES));
    } finally {
      free(buffer);
    }
  };
}
