/** What an outline may be at most, whichever engine reads it. */
import { normaliseText } from './text/normalise.ts';

/** Ten times the largest outline seen in a 2,400-page manual. */
export const MAX_OUTLINE_ITEMS = 20_000;
/** Deeper entries are left out. */
export const MAX_OUTLINE_DEPTH = 32;
const MAX_TITLE_LENGTH = 1_000;

/** A title on one line. */
export function outlineTitle(text: string): string {
  return normaliseText(text.slice(0, MAX_TITLE_LENGTH)).replaceAll(/\s+/g, ' ');
}
