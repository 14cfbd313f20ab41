/**
 * PDFium as WebAssembly, with its memory: the few calls that the engine's modules share.
 *
 * The memory never shrinks and all pointers into it are plain numbers; 0 is "nothing" or "failed" everywhere.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { init, type WrappedPdfiumModule } from '@embedpdf/pdfium';
import { EngineError } from '../engine.ts';

/** The library. `api` holds PDFium's C functions by name; pdfium.googlesource.com/pdfium, folder `public`. */
export interface PdfiumLibrary {
  readonly api: WrappedPdfiumModule;
  /** Takes memory. @throws EngineError `out_of_memory` */
  readonly allocate: (bytes: number) => number;
  readonly free: (pointer: number) => void;
  readonly write: (pointer: number, bytes: Uint8Array) => void;
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

/** Loads the library; takes about a tenth of a second. */
export async function loadPdfium(): Promise<PdfiumLibrary> {
  const wasm = await readFile(fileURLToPath(import.meta.resolve('@embedpdf/pdfium/pdfium.wasm')));
  const wasmBinary = wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength);
  const api = await init({ wasmBinary });
  api.PDFiumExt_Init();
  const { malloc, free } = api.pdfium.wasmExports;
  // Asked for each time: it is another view after the memory has grown.
  const heap = (): Uint8Array => (api.pdfium as unknown as { readonly HEAPU8: Uint8Array }).HEAPU8;
  const allocate = (bytes: number): number => {
    const pointer = malloc(bytes);
    if (pointer === 0)
      throw new EngineError('out_of_memory', `The engine has no memory left for ${bytes} bytes`);
    return pointer;
  };
  // A malformed document can make PDFium report lengths that do not fit its memory.
  const readUtf16 = (pointer: number, bytes: number): string =>
    Buffer.from(heap().buffer, pointer, Math.min(bytes, heap().length - pointer)).toString('utf16le');
  return {
    api,
    allocate,
    free,
    write: (pointer, bytes) => heap().set(bytes, pointer),
    readUtf16,
    text(read) {
      const bytes = read(0, 0);
      if (bytes <= END_MARK_BYTES) return '';
      const buffer = allocate(bytes);
      try {
        read(buffer, bytes);
        return readUtf16(buffer, Math.min(bytes - END_MARK_BYTES, MAX_TEXT_BYTES));
      } finally {
        free(buffer);
      }
    },
    memoryBytes: () => heap().length,
  };
}
