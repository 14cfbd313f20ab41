/** One page by PDFium: its text, and what it draws where it has none. */
import type { EnginePage } from '../engine.ts';
import { readNotes } from './pdfium-form.ts';
import type { PdfiumLibrary } from './pdfium-library.ts';

// From fpdf_edit.h.
const OBJECT_TEXT = 1;
const OBJECT_FORM = 5;
/** Enough to tell a scan from an empty page. */
const MAX_OBJECTS = 1_000;
const MAX_FORM_DEPTH = 8;
const UTF16_BYTES = 2;

/** Reads page `number` (from 1), or `undefined` when it is damaged. */
export function readPage(
  library: PdfiumLibrary,
  document: number,
  number: number,
  notes: Parameters<typeof readNotes>[2],
): EnginePage | undefined {
  const { api } = library;
  const page = api.FPDF_LoadPage(document, number - 1);
  if (page === 0) return undefined;
  const textPage = api.FPDFText_LoadPage(page);
  try {
    const text = textPage === 0 ? '' : readText(library, textPage);
    const label = library.text((buffer, bytes) => api.FPDF_GetPageLabel(document, number - 1, buffer, bytes));
    const drawn = text === '' ? drawnObjects(library, page) : { isBlank: false, hasTextObjects: true };
    return {
      page: number,
      ...(label === '' ? {} : { label }),
      text,
      ...drawn,
      ...readNotes(library, page, notes),
    };
  } finally {
    if (textPage !== 0) api.FPDFText_ClosePage(textPage);
    api.FPDF_ClosePage(page);
  }
}

function readText({ api, allocate, free, readUtf16 }: PdfiumLibrary, textPage: number): string {
  const count = api.FPDFText_CountChars(textPage);
  if (count <= 0) return '';
  const buffer = allocate((count + 1) * UTF16_BYTES);
  try {
    // The count includes the end mark.
    const written = api.FPDFText_GetText(textPage, 0, count, buffer);
    return readUtf16(buffer, Math.max(0, written - 1) * UTF16_BYTES);
  } finally {
    free(buffer);
  }
}

function drawnObjects({ api }: PdfiumLibrary, page: number): { isBlank: boolean; hasTextObjects: boolean } {
  let budget = MAX_OBJECTS;
  const hasText = (count: number, object: (index: number) => number, depth: number): boolean => {
    for (let index = 0; index < count && budget > 0; index += 1) {
      budget -= 1;
      const current = object(index);
      const type = api.FPDFPageObj_GetType(current);
      if (type === OBJECT_TEXT) return true;
      if (type !== OBJECT_FORM || depth === MAX_FORM_DEPTH) continue;
      const within = api.FPDFFormObj_CountObjects(current);
      if (hasText(within, (inner) => api.FPDFFormObj_GetObject(current, inner), depth + 1)) return true;
    }
    return false;
  };
  const count = api.FPDFPage_CountObjects(page);
  return {
    isBlank: count <= 0,
    hasTextObjects: hasText(count, (index) => api.FPDFPage_GetObject(page, index), 0),
  };
}
