/**
 * pdf-parse (pdf.js): the fallback engine, for documents that PDFium refuses or reads badly.
 *
 * It always gets its character maps and standard fonts: without them it silently loses more than half of Chinese,
 * Japanese and Korean text. Code generation from documents is off (`isEvalSupported`; CVE-2024-4367).
 */
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import type * as pdfParse from 'pdf-parse';
import type { PDFParse } from 'pdf-parse';
import {
  EngineError,
  type DocumentMetadata,
  type DocumentOpening,
  type EnginePage,
  type FormField,
  type OpenedPdf,
  type PageLink,
  type PdfEngine,
} from '../engine.ts';
import { cleanUri, MAX_LINKS_PER_PAGE } from '../link-limits.ts';
import { cleanMetadata } from '../text/metadata.ts';
import { pdfJsDocument, type PdfJsAnnotation, type PdfJsDocument } from './pdf-js-document.ts';
import { pageOf, readOutline } from './pdf-parse-outline.ts';
import { goWithoutCanvas } from './without-canvas.ts';

/** Version of `pdf-parse`; a test compares it with the installed one. */
const VERSION = '2.4.5';
/** Text fields and choices. */
const TEXT_FIELD_TYPES: ReadonlySet<string> = new Set(['Tx', 'Ch']);

/** Loads the engine. */
export async function createEngine(): Promise<PdfEngine> {
  goWithoutCanvas();
  const library = await import('pdf-parse');
  const require = createRequire(import.meta.url);
  const pdfJs = dirname(createRequire(require.resolve('pdf-parse')).resolve('pdfjs-dist/package.json'));
  return {
    name: 'pdf-parse',
    version: VERSION,
    open: (bytes, { password } = {}) => open(library, pdfJs, bytes, password),
  };
}

async function open(
  library: typeof pdfParse,
  pdfJs: string,
  bytes: Uint8Array,
  password: string | undefined,
): Promise<OpenedPdf> {
  const parser = new library.PDFParse({
    // pdf.js takes possession of the array.
    data: new Uint8Array(bytes),
    cMapUrl: join(pdfJs, 'cmaps') + sep,
    cMapPacked: true,
    standardFontDataUrl: join(pdfJs, 'standard_fonts') + sep,
    isEvalSupported: false,
    verbosity: 0,
    ...(password === undefined ? {} : { password }),
  });
  try {
    const document = await pdfJsDocument(parser);
    const head: DocumentOpening = { pageCount: document.numPages, metadata: await readMetadata(document) };
    const labels = await document.getPageLabels().catch(() => null);
    return {
      head,
      pages: (numbers) => readPages(parser, document, labels, numbers),
      outline: () => readOutline(document),
      // Its canvas is native code, which the sandbox does not load.
      draw: () => Promise.resolve(undefined),
      close: () => parser.destroy(),
    };
  } catch (error) {
    await parser.destroy();
    if (!(error instanceof library.PasswordException)) throw refusal(error);
    throw new EngineError(
      'encrypted',
      password === undefined ? 'The document is encrypted and needs a password' : 'The password is wrong',
    );
  }
}

async function* readPages(
  parser: PDFParse,
  document: PdfJsDocument,
  labels: readonly string[] | null,
  numbers: Iterable<number> = pageNumbers(document.numPages),
): AsyncGenerator<EnginePage> {
  for (const number of numbers) {
    const page = await readPage(parser, document, number).catch((error: unknown) => {
      if (isOutOfMemory(error)) throw refusal(error);
      // A damaged page is left out; the head tells that it is missing.
      return undefined;
    });
    const label = labels?.[number - 1] ?? '';
    if (page !== undefined) yield { ...page, ...(label === '' ? {} : { label }) };
  }
}

function* pageNumbers(count: number): Generator<number> {
  for (let number = 1; number <= count; number += 1) yield number;
}

async function readPage(parser: PDFParse, document: PdfJsDocument, number: number): Promise<EnginePage> {
  const { pages } = await parser.getText({ partial: [number], pageJoiner: '' });
  const text = pages[0]?.text ?? '';
  const page = await document.getPage(number);
  const annotations = await page.getAnnotations().catch((): readonly PdfJsAnnotation[] => []);
  const isBlank = text.trim() === '' && (await page.getOperatorList()).fnArray.length === 0;
  page.cleanup();
  return {
    page: number,
    text,
    isBlank,
    hasTextObjects: text.trim() !== '',
    fields: annotations.flatMap(fieldOf),
    annotations: annotations.flatMap(commentOf),
    links: await linksOf(document, annotations),
  };
}

async function linksOf(
  document: PdfJsDocument,
  annotations: readonly PdfJsAnnotation[],
): Promise<PageLink[]> {
  const links = new Map<string, PageLink>();
  for (const { subtype, url, dest } of annotations) {
    if (subtype !== 'Link' || links.size === MAX_LINKS_PER_PAGE) continue;
    const uri = cleanUri(url ?? '');
    const page = uri === '' && dest !== undefined ? await pageOf(document, dest) : undefined;
    if (uri !== '') links.set(uri, { uri });
    else if (page !== undefined) links.set(String(page), { page });
  }
  return [...links.values()];
}

function fieldOf({
  subtype,
  fieldType = '',
  fieldName = '',
  fieldValue,
  password,
}: PdfJsAnnotation): FormField[] {
  if (subtype !== 'Widget' || !TEXT_FIELD_TYPES.has(fieldType) || password === true) return [];
  const values = Array.isArray(fieldValue) ? fieldValue : [fieldValue];
  const value = values.filter((entry) => typeof entry === 'string').join(', ');
  return value === '' ? [] : [{ name: fieldName, value }];
}

function commentOf({ subtype, contentsObj }: PdfJsAnnotation): string[] {
  const text = contentsObj?.str ?? '';
  return text === '' || subtype === 'Widget' || subtype === 'Link' || subtype === 'Popup' ? [] : [text];
}

async function readMetadata(document: PdfJsDocument): Promise<DocumentMetadata> {
  const { info } = await document
    .getMetadata()
    .catch(() => ({ info: {} as Readonly<Record<string, unknown>> }));
  const entry = (tag: string): string | undefined => (typeof info[tag] === 'string' ? info[tag] : undefined);
  return cleanMetadata({
    title: entry('Title'),
    author: entry('Author'),
    subject: entry('Subject'),
    keywords: entry('Keywords'),
    creator: entry('Creator'),
    producer: entry('Producer'),
    language: entry('Language'),
    createdAt: entry('CreationDate'),
    modifiedAt: entry('ModDate'),
  });
}

function refusal(error: unknown): EngineError {
  const reason = error instanceof Error ? error.message : String(error);
  if (isOutOfMemory(error))
    return new EngineError('out_of_memory', `The engine ran out of memory (${reason})`, { cause: error });
  return new EngineError('corrupt', `The file is not a PDF, or damaged beyond repair (${reason})`, {
    cause: error,
  });
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof RangeError && /allocation|array length|string length/i.test(error.message);
}
