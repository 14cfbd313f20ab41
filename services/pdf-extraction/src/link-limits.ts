/** What a page's links may be at most, whichever engine reads them. */

/** A page of an index has a few hundred. */
export const MAX_LINKS_PER_PAGE = 1_000;
/** What browsers take. */
const MAX_URI_LENGTH = 2_048;

// oxlint-disable-next-line no-control-regex -- removing them is the point
const CONTROL = /[\u0000-\u001F\u007F]/g;

/** An address without control characters and blanks around it; empty when it is too long to be one. */
export function cleanUri(uri: string): string {
  return uri.length > MAX_URI_LENGTH ? '' : uri.toWellFormed().replaceAll(CONTROL, '').trim();
}
