/** When a document is given to the fallback engine too, and whose result is kept. Pure. */
import type { DocumentRead, SandboxOutcome } from './sandbox/outcome.ts';
import { failed } from './sandbox/outcome.ts';
import { rightToLeftFaults, rightToLeftSample } from './text/right-to-left.ts';

/** A long document without text is a scan; the fallback would need long to find the same. */
const MAX_PAGES = 50;
/** Faults for each word of right-to-left text; measured: up to 0.14 in sound text, from 0.5 where something is wrong. */
const DOUBTFUL_FAULTS = 0.25;
/** A text with fewer faults may lack a little of what the other one has twice or in pieces. */
const LEAST_SHARE_OF_LETTERS = 0.8;

/**
 * Whether another engine may do better: after a refusal, over missing pages, over text that PDFium could not turn into
 * characters, and for right-to-left text that is in pieces. Never after `encrypted`, which no engine heals, and never for a document that
 * has crashed one engine or broken its limits.
 */
export function wantsSecondOpinion(outcome: SandboxOutcome): boolean {
  if (outcome.kind === 'failed') return outcome.code === 'corrupt';
  const { head, pages } = outcome;
  if (pages.length < head.pageCount || pages.length === 0) return true;
  if (pages.length <= MAX_PAGES && pages.every((page) => page.text === '')) {
    return pages.some((page) => page.hasUnreadableText || page.textLayer === 'empty');
  }
  return (faultsOf(outcome) ?? 0) >= DOUBTFUL_FAULTS;
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
  const [firstFaults, secondFaults] = [faultsOf(first), faultsOf(second)];
  const [firstLetters, secondLetters] = [letters(first), letters(second)];
  if (firstFaults === undefined || secondFaults === undefined) return secondLetters > firstLetters;
  return secondFaults < firstFaults && secondLetters >= firstLetters * LEAST_SHARE_OF_LETTERS;
}

function faultsOf({ pages }: DocumentRead): number | undefined {
  const sample = rightToLeftSample(pages);
  return sample === '' ? undefined : rightToLeftFaults(sample);
}

function letters({ pages }: DocumentRead): number {
  return pages.reduce((sum, page) => sum + (page.text.match(/\p{L}/gu)?.length ?? 0), 0);
}
