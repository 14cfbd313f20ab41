/** PDFium as an engine, in whichever form it was loaded. Its memory never shrinks, so the sandbox replaces its process now and then. */
import {
  EngineError,
  type DocumentHead,
  type DocumentMetadata,
  type EnginePage,
  type OpenedPdf,
  type PdfEngine,
} from '../engine.ts';
import { cleanMetadata } from '../text/metadata.ts';
import { openForm, type PdfiumForm } from './pdfium-form.ts';
import type { PdfiumLibrary } from './pdfium-library.ts';
import { readOutline } from './pdfium-outline.ts';
import { readPage } from './pdfium-page.ts';

// From fpdfview.h.
const ERROR_PASSWORD = 4;
const ERROR_SECURITY = 5;
/** A trap with this much memory taken is a lack of memory; small documents need a few MiB. */
const SUSPECT_MEMORY_BYTES = 536_870_912;

/** An engine on a library, however that was loaded. */
export function pdfiumEngine(
  library: PdfiumLibrary,
  { name, version }: { readonly name: string; readonly version: string },
): PdfEngine {
  return {
    name,
    version,
    open: (bytes, { password = '' } = {}) => guard(library, () => open(library, bytes, password)),
  };
}

function open(library: PdfiumLibrary, bytes: Uint8Array, password: string): OpenedPdf {
  const { api } = library;
  const copy = library.allocate(bytes.length);
  library.write(copy, bytes);
  const document = api.FPDF_LoadMemDocument(copy, bytes.length, password);
  if (document === 0) {
    const error = api.FPDF_GetLastError();
    library.free(copy);
    throw refusal(error, password !== '');
  }
  const form = openForm(library, document);
  const head = readHead(library, document);
  return {
    head,
    pages: (numbers: Iterable<number> = pageNumbers(head.pageCount)) =>
      readPages(library, document, numbers, form),
    close: () =>
      guard(library, () => {
        form?.close();
        api.FPDF_CloseDocument(document);
        library.free(copy);
      }),
  };
}

async function* readPages(
  library: PdfiumLibrary,
  document: number,
  numbers: Iterable<number>,
  form: PdfiumForm | undefined,
): AsyncGenerator<EnginePage> {
  for (const number of numbers) {
    const page = await guard(library, () => readPage(library, document, number, form));
    if (page !== undefined) yield page;
  }
}

function* pageNumbers(count: number): Generator<number> {
  for (let number = 1; number <= count; number += 1) yield number;
}

function readHead(library: PdfiumLibrary, document: number): DocumentHead {
  const { api, text } = library;
  const entry = (tag: string): string =>
    text((buffer, bytes) => api.FPDF_GetMetaText(document, tag, buffer, bytes));
  const metadata: DocumentMetadata = cleanMetadata({
    title: entry('Title'),
    author: entry('Author'),
    subject: entry('Subject'),
    keywords: entry('Keywords'),
    creator: entry('Creator'),
    producer: entry('Producer'),
    createdAt: entry('CreationDate'),
    modifiedAt: entry('ModDate'),
  });
  return { pageCount: api.FPDF_GetPageCount(document), metadata, outline: readOutline(library, document) };
}

function refusal(error: number, hasPassword: boolean): EngineError {
  if (error === ERROR_PASSWORD) {
    return new EngineError(
      'encrypted',
      hasPassword ? 'The password is wrong' : 'The document is encrypted and needs a password',
    );
  }
  if (error === ERROR_SECURITY)
    return new EngineError('encrypted', 'The document is encrypted by a scheme that is not known');
  return new EngineError('corrupt', 'The file is not a PDF, or damaged beyond repair');
}

/** Runs a step of PDFium. A trap leaves the module in an unknown state: it is a crash, whatever it was about. */
function guard<Value>(library: PdfiumLibrary, step: () => Value): Promise<Value> {
  try {
    return Promise.resolve(step());
  } catch (error) {
    return Promise.reject(error instanceof EngineError ? error : trap(library, error));
  }
}

function trap(library: PdfiumLibrary, cause: unknown): EngineError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (library.memoryBytes() >= SUSPECT_MEMORY_BYTES || /memory/i.test(reason)) {
    return new EngineError('out_of_memory', `The engine ran out of memory (${reason})`, { cause });
  }
  return new EngineError('engine_crashed', `The engine failed (${reason})`, { cause });
}
