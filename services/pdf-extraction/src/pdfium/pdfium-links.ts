/** Where the links of a page lead, by PDFium. The text that a link is drawn on is the page's, and is not repeated here. */
import type { PageLink } from '../engine.ts';
import { cleanUri, MAX_LINKS_PER_PAGE } from '../link-limits.ts';
import type { PdfiumLibrary } from './pdfium-library.ts';
import { learnPages } from './pdfium-outline.ts';

/** What a link annotation needs to be followed. */
export interface LinkReader {
  /** The target of a link annotation, or nothing when it leads outside without an address. */
  read(annotation: number): PageLink | undefined;
}

/**
 * In longer documents links to pages are left out: to find each target, PDFium needs all names and all pages in memory,
 * anew after each load. On 2,400 pages with ten links each that takes a quarter more time.
 */
const MAX_PAGES_TO_FOLLOW = 250;

/** Reads links of a loaded document. */
export function linkReader(library: PdfiumLibrary, document: number): LinkReader {
  const { api } = library;
  const pageCount = api.FPDF_GetPageCount(document);
  let knowsPages = false;
  const isFollowed = pageCount <= MAX_PAGES_TO_FOLLOW;
  const pageOf = (destination: number): PageLink | undefined => {
    if (!knowsPages) learnPages(library, document, pageCount);
    knowsPages = true;
    const index = api.FPDFDest_GetDestPageIndex(document, destination);
    return index < 0 ? undefined : { page: index + 1 };
  };
  return {
    read(annotation) {
      const link = api.FPDFAnnot_GetLink(annotation);
      if (link === 0) return undefined;
      const direct = isFollowed ? api.FPDFLink_GetDest(document, link) : 0;
      if (direct !== 0) return pageOf(direct);
      const action = api.FPDFLink_GetAction(link);
      if (action === 0) return undefined;
      const uri = cleanUri(
        byteText(library, (buffer, bytes) => api.FPDFAction_GetURIPath(document, action, buffer, bytes)),
      );
      if (uri !== '') return { uri };
      if (!isFollowed) return undefined;
      const destination = api.FPDFAction_GetDest(document, action);
      return destination === 0 ? undefined : pageOf(destination);
    },
  };
}

/** Each target of a page once, in the order of the page; at most {@link MAX_LINKS_PER_PAGE}. */
export function distinctLinks(links: readonly PageLink[]): PageLink[] {
  const byTarget = new Map(links.map((link) => [`${link.page ?? ''} ${link.uri ?? ''}`, link]));
  return [...byTarget.values()].slice(0, MAX_LINKS_PER_PAGE);
}

/** An address is bytes, not UTF-16, and ends with a zero. */
function byteText(
  { allocate, free, readUtf16 }: PdfiumLibrary,
  read: (buffer: number, bytes: number) => number,
): string {
  const bytes = read(0, 0);
  if (bytes <= 1) return '';
  const even = bytes + (bytes % 2);
  const buffer = allocate(even);
  try {
    read(buffer, bytes);
    return Buffer.from(readUtf16(buffer, even), 'utf16le')
      .subarray(0, bytes - 1)
      .toString();
  } finally {
    free(buffer);
  }
}
