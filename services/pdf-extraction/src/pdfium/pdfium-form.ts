/**
 * What stands on a page without being part of its content: values of form fields, and the texts of comments. Text
 * extraction skips both, and readers search for both.
 */
import type { FormField, PageLink } from '../engine.ts';
import type { PdfiumLibrary } from './pdfium-library.ts';
import { distinctLinks, type LinkReader } from './pdfium-links.ts';

// From fpdf_annot.h and fpdf_formfill.h.
const ANNOTATION_LINK = 2;
const ANNOTATION_POPUP = 16;
const ANNOTATION_WIDGET = 20;
/** Combo box, list box, text field: the fields that hold text. */
const TEXT_FIELD_TYPES: ReadonlySet<number> = new Set([4, 5, 6]);
/** ISO 32000-1, table 228. */
const FLAG_PASSWORD = 1 << 13;
const MAX_ANNOTATIONS = 10_000;

/** Form fields, comments and links of a page. */
export interface PageNotes {
  readonly fields: readonly FormField[];
  readonly annotations: readonly string[];
  readonly links: readonly PageLink[];
}

/** An opened form environment; PDFium wants one before it tells values. */
export interface PdfiumForm {
  readonly handle: number;
  close(): void;
}

/** Opens the document's form environment, or nothing when it has no form. */
export function openForm({ api }: PdfiumLibrary, document: number): PdfiumForm | undefined {
  if (api.FPDF_GetFormType(document) === 0) return undefined;
  const info = api.PDFiumExt_OpenFormFillInfo();
  if (info === 0) return undefined;
  const handle = api.PDFiumExt_InitFormFillEnvironment(document, info);
  return {
    handle,
    close() {
      if (handle !== 0) api.PDFiumExt_ExitFormFillEnvironment(handle);
      api.PDFiumExt_CloseFormFillInfo(info);
    },
  };
}

/** Reads a page's form values, comments and links. */
export function readNotes(
  library: PdfiumLibrary,
  page: number,
  { form, linksOf }: { readonly form: PdfiumForm | undefined; readonly linksOf: LinkReader },
): PageNotes {
  const { api } = library;
  const fields: FormField[] = [];
  const annotations: string[] = [];
  const links: PageLink[] = [];
  const count = Math.min(MAX_ANNOTATIONS, api.FPDFPage_GetAnnotCount(page));
  for (let index = 0; index < count; index += 1) {
    const annotation = api.FPDFPage_GetAnnot(page, index);
    if (annotation === 0) continue;
    const type = api.FPDFAnnot_GetSubtype(annotation);
    if (type === ANNOTATION_WIDGET) {
      const field = form === undefined ? undefined : readField(library, form.handle, annotation);
      if (field !== undefined) fields.push(field);
    } else if (type === ANNOTATION_LINK) {
      const link = linksOf.read(annotation);
      if (link !== undefined) links.push(link);
    } else if (type !== ANNOTATION_POPUP) {
      annotations.push(
        library.text((buffer, bytes) => api.FPDFAnnot_GetStringValue(annotation, 'Contents', buffer, bytes)),
      );
    }
    api.FPDFPage_CloseAnnot(annotation);
  }
  return {
    fields,
    annotations: annotations.filter((text) => text !== ''),
    links: distinctLinks(links),
  };
}

function readField({ api, text }: PdfiumLibrary, form: number, annotation: number): FormField | undefined {
  if (!TEXT_FIELD_TYPES.has(api.FPDFAnnot_GetFormFieldType(form, annotation))) return undefined;
  if ((api.FPDFAnnot_GetFormFieldFlags(form, annotation) & FLAG_PASSWORD) !== 0) return undefined;
  const value = text((buffer, bytes) => api.FPDFAnnot_GetFormFieldValue(form, annotation, buffer, bytes));
  if (value === '') return undefined;
  return {
    name: text((buffer, bytes) => api.FPDFAnnot_GetFormFieldName(form, annotation, buffer, bytes)),
    value,
  };
}
