/** A document's outline by PDFium. Hostile outlines refer to themselves and never end: entries are visited once, up to a limit. */
import type { OutlineItem } from '../engine.ts';
import { MAX_OUTLINE_DEPTH, MAX_OUTLINE_ITEMS, outlineTitle } from '../outline-limits.ts';
import type { PdfiumLibrary } from './pdfium-library.ts';

/** `FS_SIZEF`: two floats. */
const SIZE_BYTES = 8;

/** The outline, nested; at most {@link MAX_OUTLINE_ITEMS} entries, {@link MAX_OUTLINE_DEPTH} deep. */
export function readOutline(library: PdfiumLibrary, document: number, pageCount: number): OutlineItem[] {
  const { api } = library;
  if (api.FPDFBookmark_GetFirstChild(document, 0) === 0) return [];
  learnPages(library, document, pageCount);
  const seen = new Set<number>();
  const children = (parent: number, depth: number): OutlineItem[] => {
    const items: OutlineItem[] = [];
    let bookmark = api.FPDFBookmark_GetFirstChild(document, parent);
    while (bookmark !== 0 && !seen.has(bookmark) && seen.size < MAX_OUTLINE_ITEMS) {
      seen.add(bookmark);
      const below = depth < MAX_OUTLINE_DEPTH ? children(bookmark, depth + 1) : [];
      items.push({
        ...readItem(library, document, bookmark),
        ...(below.length === 0 ? {} : { children: below }),
      });
      bookmark = api.FPDFBookmark_GetNextSibling(document, bookmark);
    }
    return items;
  };
  return children(0, 1);
}

/** PDFium looks for the page of an entry among the pages that it knows, and through the whole tree for others: quadratic. */
export function learnPages(
  { api, allocate, free }: PdfiumLibrary,
  document: number,
  pageCount: number,
): void {
  const size = allocate(SIZE_BYTES);
  for (let index = 0; index < pageCount; index += 1) api.FPDF_GetPageSizeByIndexF(document, index, size);
  free(size);
}

function readItem({ api, text }: PdfiumLibrary, document: number, bookmark: number): OutlineItem {
  const title = outlineTitle(text((buffer, bytes) => api.FPDFBookmark_GetTitle(bookmark, buffer, bytes)));
  const destination =
    api.FPDFBookmark_GetDest(document, bookmark) || destinationOfAction(api, document, bookmark);
  const index = destination === 0 ? -1 : api.FPDFDest_GetDestPageIndex(document, destination);
  return index < 0 ? { title } : { title, page: index + 1 };
}

function destinationOfAction(api: PdfiumLibrary['api'], document: number, bookmark: number): number {
  const action = api.FPDFBookmark_GetAction(bookmark);
  return action === 0 ? 0 : api.FPDFAction_GetDest(document, action);
}
