/**
 * libpdfium, a shared library that the operator supplies, by foreign function calls.
 *
 * It is half again as fast as WebAssembly, and what WebAssembly encloses it does not: a fault in it is a fault of the
 * process. PDFium is not thread-safe; the sandbox gives a process one document at a time.
 */
import { EngineError, type PdfEngine } from '../engine.ts';
import type { PdfiumApi } from '../pdfium/pdfium-api.ts';
import { pdfiumEngine } from '../pdfium/pdfium-engine.ts';
import { textReader, type PdfiumLibrary } from '../pdfium/pdfium-library.ts';
import { PROTOTYPES, type Prototype } from './prototypes.ts';

type NativeFunction = (...values: readonly (number | string | Uint8Array)[]) => number;

/** `FPDF_FORMFILLINFO` begins with its version; the callbacks after it stay empty. Larger than any version of it. */
const FORM_INFO_BYTES = 1_024;
const FORM_INFO_VERSION = 2;
const UTF16_BYTES = 2;

/** Loads the engine from the library at `path`. Its version is the operator's to know: a library does not tell it. */
export async function createEngine(path: string): Promise<PdfEngine> {
  return pdfiumEngine(await nativePdfium(path), { name: 'pdfium-native', version: 'unknown' });
}

/** Loads the library. @throws Error when there is no such library, or it lacks a function */
async function nativePdfium(path: string): Promise<PdfiumLibrary> {
  const { default: koffi } = await import('koffi');
  const libpdfium = koffi.load(path);
  const bound = (
    library: typeof libpdfium,
    name: string,
    [result, ...parameters]: Prototype,
  ): NativeFunction => library.func(name, result, parameters) as NativeFunction;
  const libc = koffi.load(null);
  const malloc = bound(libc, 'malloc', ['intptr_t', 'size_t']);
  const release = bound(libc, 'free', ['void', 'intptr_t']);
  const copyIn = bound(libc, 'memcpy', ['intptr_t', 'intptr_t', 'void *', 'size_t']);
  const copyOut = bound(libc, 'memcpy', ['intptr_t', 'void *', 'intptr_t', 'size_t']);
  const clear = bound(libc, 'memset', ['intptr_t', 'intptr_t', 'int', 'size_t']);

  const allocate = (bytes: number): number => {
    const pointer = malloc(bytes);
    if (pointer === 0)
      throw new EngineError('out_of_memory', `The engine has no memory left for ${bytes} bytes`);
    return pointer;
  };
  const free = (pointer: number): void => {
    release(pointer);
  };
  const write = (pointer: number, bytes: Uint8Array): void => {
    copyIn(pointer, bytes, bytes.length);
  };
  const readUtf16 = (pointer: number, bytes: number): string => {
    const copy = Buffer.allocUnsafe(bytes - (bytes % UTF16_BYTES));
    if (copy.length > 0) copyOut(copy, pointer, copy.length);
    return copy.toString('utf16le');
  };
  const extensions = {
    PDFiumExt_OpenFormFillInfo: (): number => {
      const info = allocate(FORM_INFO_BYTES);
      clear(info, 0, FORM_INFO_BYTES);
      write(info, Uint8Array.of(FORM_INFO_VERSION, 0, 0, 0));
      return info;
    },
    PDFiumExt_CloseFormFillInfo: free,
    PDFiumExt_InitFormFillEnvironment: bound(libpdfium, 'FPDFDOC_InitFormFillEnvironment', [
      'intptr_t',
      'intptr_t',
      'intptr_t',
    ]),
    PDFiumExt_ExitFormFillEnvironment: bound(libpdfium, 'FPDFDOC_ExitFormFillEnvironment', [
      'void',
      'intptr_t',
    ]),
  };
  const functions = Object.entries(PROTOTYPES).map(([name, prototype]) => [
    name,
    bound(libpdfium, name, prototype),
  ]);
  bound(libpdfium, 'FPDF_InitLibrary', ['void'])();
  return {
    // A foreign function has no type of its own; the prototypes are those of the interface.
    api: Object.fromEntries([...functions, ...Object.entries(extensions)]) as PdfiumApi,
    allocate,
    free,
    write,
    readUtf16,
    text: textReader({ allocate, free, readUtf16 }),
    memoryBytes: () => process.memoryUsage.rss(),
  };
}
