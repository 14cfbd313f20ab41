/** A page drawn by PDFium into grey pixels, which are bounded however large the page says that it is. */
import type { DrawOptions, PageImage } from '../engine.ts';
import type { PdfiumLibrary } from './pdfium-library.ts';

// From fpdfview.h.
const BITMAP_GREY = 1;
const RENDER_GREYSCALE = 0x08;
const RENDER_LIMITED_IMAGE_CACHE = 0x200;
const POINTS_PER_INCH = 72;
const WHITE = 255;
/** What readers of images take; a strip of paper may be longer. */
const MAX_SIDE = 32_767;

/** Draws a page, or `undefined` when it is damaged. @throws EngineError `out_of_memory` */
export function drawPage(
  { api, allocate, free, read, write }: PdfiumLibrary,
  document: number,
  options: DrawOptions,
): PageImage | undefined {
  const page = api.FPDF_LoadPage(document, options.page - 1);
  if (page === 0) return undefined;
  try {
    const size = pixelSize(api.FPDF_GetPageWidthF(page), api.FPDF_GetPageHeightF(page), options);
    if (size === undefined) return undefined;
    const { width, height, dpi } = size;
    const bytes = width * height;
    const buffer = allocate(bytes);
    try {
      write(buffer, new Uint8Array(bytes).fill(WHITE));
      const bitmap = api.FPDFBitmap_CreateEx(width, height, BITMAP_GREY, buffer, width);
      if (bitmap === 0) return undefined;
      const flags = RENDER_GREYSCALE | RENDER_LIMITED_IMAGE_CACHE;
      api.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, flags);
      api.FPDFBitmap_Destroy(bitmap);
      return { page: options.page, width, height, dpi, pixels: read(buffer, bytes) };
    } finally {
      free(buffer);
    }
  } finally {
    api.FPDF_ClosePage(page);
  }
}

/** Pixels of a page of so many points, or `undefined` when it has no size. Pure. */
export function pixelSize(
  widthPoints: number,
  heightPoints: number,
  { dpi, maxPixels }: Pick<DrawOptions, 'dpi' | 'maxPixels'>,
): Pick<PageImage, 'width' | 'height' | 'dpi'> | undefined {
  if (!(widthPoints > 0 && heightPoints > 0 && Number.isFinite(widthPoints * heightPoints))) return undefined;
  const scale = Math.min(
    dpi / POINTS_PER_INCH,
    Math.sqrt(maxPixels / (widthPoints * heightPoints)),
    MAX_SIDE / Math.max(widthPoints, heightPoints),
  );
  return {
    width: Math.max(1, Math.floor(widthPoints * scale)),
    height: Math.max(1, Math.floor(heightPoints * scale)),
    dpi: scale * POINTS_PER_INCH,
  };
}
