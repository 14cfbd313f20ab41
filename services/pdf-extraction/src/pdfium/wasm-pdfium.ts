/**
 * PDFium as WebAssembly: the default engine.
 *
 * Its memory never shrinks and all pointers into it are plain numbers.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { init } from '@embedpdf/pdfium';
import { EngineError, type PdfEngine } from '../engine.ts';
import { pdfiumEngine } from './pdfium-engine.ts';
import { textReader, type PdfiumLibrary } from './pdfium-library.ts';

/** Version of `@embedpdf/pdfium`; a test compares it with the installed one. */
const VERSION = '2.15.1';

/** Loads the engine. */
export async function createEngine(): Promise<PdfEngine> {
  return pdfiumEngine(await loadPdfium(), { name: 'pdfium', version: VERSION });
}

/** Not among the types of Node.js. */
interface Assembly {
  instantiate(
    bytes: Uint8Array,
    imports: object,
  ): Promise<{ readonly instance: object; readonly module: object }>;
}

/** Makes the module's instance. Done by the module itself, it keeps the file in memory, twice. */
async function instantiate(imports: object, done: (instance: object, module: object) => void): Promise<void> {
  const { WebAssembly: assembly } = globalThis as unknown as { readonly WebAssembly: Assembly };
  const file = fileURLToPath(import.meta.resolve('@embedpdf/pdfium/pdfium.wasm'));
  const { instance, module } = await assembly.instantiate(await readFile(file), imports);
  done(instance, module);
}

/** Loads the library; takes about a tenth of a second. */
async function loadPdfium(): Promise<PdfiumLibrary> {
  const api = await init({ instantiateWasm: instantiate });
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
    read: (pointer, bytes) => heap().slice(pointer, pointer + bytes),
    readUtf16,
    text: textReader({ allocate, free, readUtf16 }),
    memoryBytes: () => heap().length,
  };
}
