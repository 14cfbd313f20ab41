/**
 * libpdfium, a shared library that the operator supplies, by foreign function calls.
 *
 * It is half again as fast as WebAssembly, and what WebAssembly encloses it does not: a fault in it is a fault of the
 * process. PDFium is not thread-safe; the sandbox gives a process one document at a time.
 */
import type { LibraryHandle } from 'koffi';
import { EngineError, type PdfEngine } from '../engine.ts';
import type { PdfiumApi } from '../pdfium/pdfium-api.ts';
import { pdfiumEngine } from '../pdfium/pdfium-engine.ts';
import { textReader, type PdfiumLibrary } from '../pdfium/pdfium-library.ts';
import { PROTOTYPES, type Extension, type Prototype } from './prototypes.ts';

type NativeFunction = (...values: readonly (number | string | Uint8Array)[]) => number;
type Bind = (name: string, prototype: Prototype) => NativeFunction;
type Memory = Pick<PdfiumLibrary, 'allocate' | 'free' | 'write' | 'read' | 'readUtf16'>;

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
  const memory = nativeMemory(binder(koffi.load(null)));
  const bind = binder(koffi.load(path));
  const functions = Object.entries(PROTOTYPES).map(([name, prototype]) => [name, bind(name, prototype)]);
  bind('FPDF_InitLibrary', ['void'])();
  return {
    // A foreign function has no type of its own; the prototypes are those of the interface.
    api: Object.fromEntries([...functions, ...Object.entries(formExtensions(bind, memory))]) as PdfiumApi,
    ...memory,
    text: textReader(memory),
    memoryBytes: () => process.memoryUsage.rss(),
  };
}

function binder(library: Pick<LibraryHandle, 'func'>): Bind {
  return (name, [result, ...parameters]) => library.func(name, result, parameters) as NativeFunction;
}

/** The process' own memory, by its C library. */
function nativeMemory(bind: Bind): Memory {
  const malloc = bind('malloc', ['intptr_t', 'size_t']);
  const release = bind('free', ['void', 'intptr_t']);
  const copyIn = bind('memcpy', ['intptr_t', 'intptr_t', 'void *', 'size_t']);
  const copyOut = bind('memcpy', ['intptr_t', 'void *', 'intptr_t', 'size_t']);
  return {
    allocate(bytes) {
      const pointer = malloc(bytes);
      if (pointer === 0)
        throw new EngineError('out_of_memory', `The engine has no memory left for ${bytes} bytes`);
      return pointer;
    },
    free(pointer) {
      release(pointer);
    },
    write(pointer, bytes) {
      copyIn(pointer, bytes, bytes.length);
    },
    read(pointer, bytes) {
      const copy = Buffer.allocUnsafeSlow(bytes);
      copyOut(copy, pointer, bytes);
      return copy;
    },
    readUtf16(pointer, bytes) {
      const copy = Buffer.allocUnsafe(bytes - (bytes % UTF16_BYTES));
      if (copy.length > 0) copyOut(copy, pointer, copy.length);
      return copy.toString('utf16le');
    },
  };
}

/** What the WebAssembly build wraps, made of PDFium's own functions. */
function formExtensions(bind: Bind, { allocate, free, write }: Memory): Record<Extension, NativeFunction> {
  const handle = 'intptr_t';
  return {
    PDFiumExt_OpenFormFillInfo() {
      const info = allocate(FORM_INFO_BYTES);
      const empty = Buffer.alloc(FORM_INFO_BYTES);
      empty.writeInt32LE(FORM_INFO_VERSION);
      write(info, empty);
      return info;
    },
    PDFiumExt_CloseFormFillInfo(info) {
      if (typeof info === 'number') free(info);
      return 0;
    },
    PDFiumExt_InitFormFillEnvironment: bind('FPDFDOC_InitFormFillEnvironment', [handle, handle, handle]),
    PDFiumExt_ExitFormFillEnvironment: bind('FPDFDOC_ExitFormFillEnvironment', ['void', handle]),
  };
}
