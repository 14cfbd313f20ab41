/** What of a document is given to the fallback engine too, and whose result is kept. Pure. */
import type { DocumentRead, SandboxOutcome } from './sandbox/outcome.ts';
import { failed } from './sandbox/outcome.ts';
import { rightToLeftFaults } from './text/right-to-left.ts';

/** A long document without text is a scan; the fallback would need long to find the same. */
const MAX_PAGES = 50;
/** Faults for each word of right-to-left text; measured: up to 0.14 in sound text, from 0.5 where something is wrong. */
const DOUBTFUL_FAULTS = 0.25;
/** A text with fewer faults may lack a little of what the other one has twice or in pieces. */
const LEAST_SHARE_OF_LETTERS = 0.8;

/** Pages of a document that another engine may read better. */
export interface PageDoubts {
  readonly read: DocumentRead;
  /** Their numbers. */
  readonly pages: readonly number[];
}

/**
 * What another engine may do better. The whole document: after a refusal, over missing pages, over text that PDFium could
 * not turn into characters. Some pages: where right-to-left text is in pieces. Nothing: after `encrypted`, which no engine
 * heals, and for a document that has crashed one engine or broken its limits.
 */
export function doubtsAbout(outcome: SandboxOutcome): 'none' | 'document' | PageDoubts {
  if (outcome.kind === 'failed') return outcome.code === 'corrupt' ? 'document' : 'none';
  const { head, pages, pagesWanted } = outcome;
  // None were asked for: the document ends before them.
  if (pagesWanted === 0 && head.pageCount > 0) return 'none';
  if (pages.length < pagesWanted || pages.length === 0) return 'document';
  if (pages.length <= MAX_PAGES && pages.every((page) => page.text === '')) {
    const isDoubtful = pages.some((page) => page.hasUnreadableText || page.textLayer === 'empty');
    return isDoubtful ? 'document' : 'none';
  }
  const doubtful = pages.filter(({ text }) => (rightToLeftFaults(text) ?? 0) >= DOUBTFUL_FAULTS);
  return doubtful.length === 0 ? 'none' : { read: outcome, pages: doubtful.map(({ page }) => page) };
}

/** The document with those pages that another engine read with fewer faults, and how many they are. */
export function withPagesOf(
  read: DocumentRead,
  other: SandboxOutcome,
): { readonly merged: DocumentRead; readonly taken: number } {
  const others = new Map(other.kind === 'ok' ? other.pages.map((page) => [page.page, page]) : []);
  let taken = 0;
  const pages = read.pages.map((page) => {
    const rival = others.get(page.page);
    if (rival === undefined || !isWholer(rival.text, page.text)) return page;
    taken += 1;
    return rival;
  });
  // A document that the other engine read wholly is that engine's.
  const engine = other.kind === 'ok' && taken === pages.length ? other.engine : read.engine;
  return { merged: { ...read, engine, pages }, taken };
}

function isWholer(rival: string, text: string): boolean {
  const [faults, rivalFaults] = [rightToLeftFaults(text), rightToLeftFaults(rival)];
  if (faults === undefined || rivalFaults === undefined) return false;
  return rivalFaults < faults && lettersOf(rival) >= lettersOf(text) * LEAST_SHARE_OF_LETTERS;
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
  return letters(second) > letters(first);
}

function letters({ pages }: DocumentRead): number {
  return pages.reduce((sum, { text }) => sum + lettersOf(text), 0);
}

function lettersOf(text: string): number {
  return text.replace(/\P{L}+/gu, '').length;
}
