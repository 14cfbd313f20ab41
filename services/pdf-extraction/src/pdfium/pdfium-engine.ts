/** PDFium as an engine, in whichever form it was loaded. Its memory never shrinks, so the sandbox replaces its process now and then. */
import {
  EngineError,
  type DocumentOpening,
  type DocumentMetadata,
  type EnginePage,
  type OpenedPdf,
  type PdfEngine,
} from '../engine.ts';
import { cleanMetadata } from '../text/metadata.ts';
import { readAttachments } from './pdfium-attachments.ts';
import { drawPage } from './pdfium-draw.ts';
import { openForm, type PdfiumForm } from './pdfium-form.ts';
import type { PdfiumLibrary } from './pdfium-library.ts';
import { linkReader, type LinkReader } from './pdfium-links.ts';
import { readOutline } from './pdfium-outline.ts';
import { readPage } from './pdfium-page.ts';

// From fpdfview.h.
const ERROR_PASSWORD = 4;
const ERROR_SECURITY = 5;
/** PDFium keeps every object that it has read; loading anew takes what ten pages do, and gives that memory back. */
const PAGES_PER_LOAD = 500;
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
    open: (bytes, { password = '', onCopied } = {}) =>
      guard(library, () => {
        const copy = library.allocate(bytes.length);
        library.write(copy, bytes);
        const { length } = bytes;
        onCopied?.();
        return open(library, { copy, length }, password);
      }),
  };
}

interface Copied {
  /** Where it lies in the library's memory. */
  readonly copy: number;
  readonly length: number;
}

function open(library: PdfiumLibrary, { copy, length }: Copied, password: string): OpenedPdf {
  const load = (): LoadedPdf => loadDocument(library, copy, length, password);
  let loaded: LoadedPdf;
  try {
    loaded = load();
  } catch (error) {
    library.free(copy);
    throw error;
  }
  const head = readHead(library, loaded.document);
  const reload = (): LoadedPdf => {
    unload(library, loaded);
    loaded = load();
    return loaded;
  };
  return {
    head,
    pages: (numbers: Iterable<number> = pageNumbers(head.pageCount)) =>
      readPages(library, numbers, loaded, reload),
    outline: () =>
      guard(library, () => {
        if (head.pageCount > PAGES_PER_LOAD) reload();
        return readOutline(library, loaded.document, head.pageCount);
      }),
    draw: (options) => guard(library, () => drawPage(library, loaded.document, options)),
    close: () =>
      guard(library, () => {
        unload(library, loaded);
        library.free(copy);
      }),
  };
}

interface LoadedPdf {
  readonly document: number;
  readonly form: PdfiumForm | undefined;
  readonly linksOf: LinkReader;
}

function loadDocument(library: PdfiumLibrary, copy: number, bytes: number, password: string): LoadedPdf {
  const { api } = library;
  const document = api.FPDF_LoadMemDocument(copy, bytes, password);
  if (document === 0) throw refusal(api.FPDF_GetLastError(), password !== '');
  return {
    document,
    form: openForm(library, document),
    linksOf: linkReader(library, document),
  };
}

function unload({ api }: PdfiumLibrary, { document, form }: LoadedPdf): void {
  form?.close();
  api.FPDF_CloseDocument(document);
}

async function* readPages(
  library: PdfiumLibrary,
  numbers: Iterable<number>,
  opened: LoadedPdf,
  reload: () => LoadedPdf,
): AsyncGenerator<EnginePage> {
  let loaded = opened;
  let read = 0;
  for (const number of numbers) {
    if (read > 0 && read % PAGES_PER_LOAD === 0) loaded = await guard(library, reload);
    read += 1;
    const page = await guard(library, () => readPage(library, loaded.document, number, loaded));
    if (page !== undefined) yield page;
  }
}

function* pageNumbers(count: number): Generator<number> {
  for (let number = 1; number <= count; number += 1) yield number;
}

function readHead(library: PdfiumLibrary, document: number): DocumentOpening {
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
    language: text((buffer, bytes) => api.FPDFCatalog_GetLanguage(document, buffer, bytes)),
    createdAt: entry('CreationDate'),
    modifiedAt: entry('ModDate'),
  });
  return {
    pageCount: api.FPDF_GetPageCount(document),
    metadata,
    attachments: readAttachments(library, document),
  };
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
