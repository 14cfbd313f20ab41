/** When a document is given to the fallback engine too, and whose result is kept. Pure. */
import type { DocumentRead, SandboxOutcome } from './sandbox/outcome.ts';
import { failed } from './sandbox/outcome.ts';
import { sampleOf } from './text/sample.ts';
import { isRightToLeft } from './text/language.ts';

/** A long document without text is a scan; the fallback would need long to find the same. */
const MAX_PAGES = 50;
/** The fallback may read a little less of right-to-left text and still be the better one: it turns fewer words around. */
const RIGHT_TO_LEFT_SHARE = 0.9;

/**
 * Whether another engine may do better: after a refusal, over missing pages, over text that PDFium could not turn into
 * characters, and for right-to-left text. Never after `encrypted`, which no engine heals, and never for a document that
 * has crashed one engine or broken its limits.
 */
export function wantsSecondOpinion(outcome: SandboxOutcome): boolean {
  if (outcome.kind === 'failed') return outcome.code === 'corrupt';
  const { head, pages } = outcome;
  if (pages.length < head.pageCount || pages.length === 0) return true;
  if (pages.length <= MAX_PAGES && pages.every((page) => page.text === '')) {
    return pages.some((page) => page.hasUnreadableText || page.textLayer === 'empty');
  }
  return isRightToLeft(sampleOf(pages));
}

/** Which of two results to keep. A document without any page is a damaged one. */
export function betterOf(first: SandboxOutcome, second: SandboxOutcome): SandboxOutcome {
  const hasFirst = first.kind === 'ok' && first.pages.length > 0;
  const hasSecond = second.kind === 'ok' && second.pages.length > 0;
  if (hasFirst && hasSecond) return isBetter(first, second) ? second : first;
  if (hasSecond) return second;
  if (hasFirst) return first;
  // The default engine's reason is the better worded; a password, though, is asked for by whichever finds the need.
  if (second.kind === 'failed' && second.code === 'encrypted') return second;
  return first.kind === 'failed' ? first : failed('corrupt', 'The document has no page that can be read');
}

function isBetter(first: DocumentRead, second: DocumentRead): boolean {
  if (second.pages.length !== first.pages.length) return second.pages.length > first.pages.length;
  const share = isRightToLeft(sampleOf(first.pages)) ? RIGHT_TO_LEFT_SHARE : 1;
  const [firstLetters, secondLetters] = [letters(first), letters(second)];
  return share === 1
    ? secondLetters > firstLetters
    : secondLetters > 0 && secondLetters >= firstLetters * share;
}

function letters({ pages }: DocumentRead): number {
  return pages.reduce((sum, page) => sum + (page.text.match(/\p{L}/gu)?.length ?? 0), 0);
}
