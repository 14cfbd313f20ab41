/** What the list of attached files may be at most, whichever engine reads it. */
import { normaliseText } from './text/normalise.ts';

/** A portfolio has hundreds. */
export const MAX_ATTACHMENTS = 1_000;
const MAX_NAME_LENGTH = 255;

/** A name on one line, without the folders that it may claim. */
export function attachmentName(name: string): string {
  const base = name.slice(-MAX_NAME_LENGTH).split(/[/\\]/).at(-1) ?? '';
  return normaliseText(base).replaceAll(/\s+/g, ' ');
}
