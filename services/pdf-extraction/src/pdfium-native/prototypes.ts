/**
 * C prototypes of the functions that are used of libpdfium, from `public/*.h` of pdfium.googlesource.com/pdfium.
 *
 * Handles and pointers are `intptr_t`, which arrives as a number: so the modules that read pages serve both engines.
 */
import type { PdfiumApi } from '../pdfium/pdfium-api.ts';

/** Functions of the WebAssembly build's own, which wrap PDFium's; the native engine makes them itself. */
export type Extension = Extract<keyof PdfiumApi, `PDFiumExt_${string}`>;

/** Result type, then parameter types. */
export type Prototype = readonly [result: string, ...parameters: string[]];

const [handle, buffer, text, int, ulong] = ['intptr_t', 'intptr_t', 'str', 'int', 'unsigned long'];

/** By function. */
export const PROTOTYPES: Readonly<Record<Exclude<keyof PdfiumApi, Extension>, Prototype>> = {
  FPDFAction_GetDest: [handle, handle, handle],
  FPDFAction_GetURIPath: [ulong, handle, handle, buffer, ulong],
  FPDFAnnot_GetFormFieldFlags: [int, handle, handle],
  FPDFAnnot_GetFormFieldName: [ulong, handle, handle, buffer, ulong],
  FPDFAnnot_GetFormFieldType: [int, handle, handle],
  FPDFAnnot_GetFormFieldValue: [ulong, handle, handle, buffer, ulong],
  FPDFAnnot_GetLink: [handle, handle],
  FPDFAnnot_GetStringValue: [ulong, handle, text, buffer, ulong],
  FPDFAnnot_GetSubtype: [int, handle],
  FPDFAttachment_GetName: [ulong, handle, buffer, ulong],
  FPDFBitmap_CreateEx: [handle, int, int, int, buffer, int],
  FPDFBitmap_Destroy: ['void', handle],
  FPDFBookmark_GetAction: [handle, handle],
  FPDFBookmark_GetDest: [handle, handle, handle],
  FPDFBookmark_GetFirstChild: [handle, handle, handle],
  FPDFBookmark_GetNextSibling: [handle, handle, handle],
  FPDFBookmark_GetTitle: [ulong, handle, buffer, ulong],
  FPDFCatalog_GetLanguage: [ulong, handle, buffer, ulong],
  FPDFDest_GetDestPageIndex: [int, handle, handle],
  FPDFDoc_GetAttachment: [handle, handle, int],
  FPDFDoc_GetAttachmentCount: [int, handle],
  FPDFFormObj_CountObjects: [int, handle],
  FPDFFormObj_GetObject: [handle, handle, ulong],
  FPDFLink_GetAction: [handle, handle],
  FPDFLink_GetDest: [handle, handle, handle],
  FPDFPageObj_GetType: [int, handle],
  FPDFPage_CloseAnnot: ['void', handle],
  FPDFPage_CountObjects: [int, handle],
  FPDFPage_GetAnnot: [handle, handle, int],
  FPDFPage_GetAnnotCount: [int, handle],
  FPDFPage_GetObject: [handle, handle, int],
  FPDFText_ClosePage: ['void', handle],
  FPDFText_CountChars: [int, handle],
  FPDFText_GetText: [int, handle, int, int, buffer],
  FPDFText_LoadPage: [handle, handle],
  FPDF_CloseDocument: ['void', handle],
  FPDF_ClosePage: ['void', handle],
  FPDF_GetFormType: [int, handle],
  FPDF_GetLastError: [ulong],
  FPDF_GetMetaText: [ulong, handle, text, buffer, ulong],
  FPDF_GetPageCount: [int, handle],
  FPDF_GetPageHeightF: ['float', handle],
  FPDF_GetPageLabel: [ulong, handle, int, buffer, ulong],
  FPDF_GetPageSizeByIndexF: [int, handle, int, buffer],
  FPDF_GetPageWidthF: ['float', handle],
  FPDF_LoadMemDocument: [handle, buffer, int, text],
  FPDF_LoadPage: [handle, handle, int],
  FPDF_RenderPageBitmap: ['void', handle, handle, int, int, int, int, int, int],
};
