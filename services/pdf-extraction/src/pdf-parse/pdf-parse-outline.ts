/** A document's outline by pdf.js, with the page that each entry leads to. */
import type { OutlineItem } from '../engine.ts';
import { MAX_OUTLINE_DEPTH, MAX_OUTLINE_ITEMS, outlineTitle } from '../outline-limits.ts';
import type { PdfJsDocument, PdfJsOutlineItem, PdfJsReference } from './pdf-js-document.ts';

/** The outline, nested, with the same limits as the other engine's. A damaged outline is no outline. */
export async function readOutline(document: PdfJsDocument): Promise<OutlineItem[]> {
  let left = MAX_OUTLINE_ITEMS;
  const convert = async (items: readonly PdfJsOutlineItem[], depth: number): Promise<OutlineItem[]> => {
    const converted: OutlineItem[] = [];
    for (const item of items) {
      if (left === 0) break;
      left -= 1;
      const page = await pageOf(document, item.dest);
      const children = depth < MAX_OUTLINE_DEPTH ? await convert(item.items, depth + 1) : [];
      converted.push({
        title: outlineTitle(item.title),
        ...(page === undefined ? {} : { page }),
        ...(children.length === 0 ? {} : { children }),
      });
    }
    return converted;
  };
  try {
    return await convert((await document.getOutline()) ?? [], 1);
  } catch {
    return [];
  }
}

/** The page that a destination leads to, from 1. */
export async function pageOf(
  document: PdfJsDocument,
  target: PdfJsOutlineItem['dest'],
): Promise<number | undefined> {
  try {
    const destination = typeof target === 'string' ? await document.getDestination(target) : target;
    const page: unknown = destination?.[0];
    if (typeof page === 'number') return page + 1;
    return isReference(page) ? (await document.getPageIndex(page)) + 1 : undefined;
  } catch {
    // It leads to an object that is no page.
    return undefined;
  }
}

function isReference(value: unknown): value is PdfJsReference {
  return typeof value === 'object' && value !== null && 'num' in value && 'gen' in value;
}
