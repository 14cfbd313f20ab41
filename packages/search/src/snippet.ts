/** A stretch of the original text around the matches, cut at words, with the matches marked. */
import { termOf } from './analysis/terms.ts';
import { foldAccents, tokens } from './analysis/tokens.ts';
import type { QueryPart } from './query.ts';
import type { SnippetPart } from './search-index.ts';

const MAX_CHARACTERS = 200;
const LEAD_CHARACTERS = 60;

/** A snippet of a page. Without a match (the title matched) it is the page's beginning. */
export function snippetOf(text: string, language: string, parts: readonly QueryPart[]): SnippetPart[] {
  const hits = matches(text, language, parts);
  const first = bestStart(hits);
  const from = wordStart(text, Math.max(0, first - LEAD_CHARACTERS));
  const to = wordEnd(text, Math.min(text.length, from + MAX_CHARACTERS));
  const pieces: SnippetPart[] = [];
  let at = from;
  for (const hit of hits) {
    if (hit.start < at || hit.end > to) continue;
    if (hit.start > at) pieces.push({ text: text.slice(at, hit.start), hit: false });
    pieces.push({ text: text.slice(hit.start, hit.end), hit: true });
    at = hit.end;
  }
  if (at < to) pieces.push({ text: text.slice(at, to), hit: false });
  if (from > 0) pieces.unshift({ text: '… ', hit: false });
  if (to < text.length) pieces.push({ text: ' …', hit: false });
  return pieces.map((piece) => ({ ...piece, text: piece.text.replace(/\s+/g, ' ') }));
}

interface Span {
  readonly start: number;
  readonly end: number;
}

function matches(text: string, language: string, parts: readonly QueryPart[]): Span[] {
  const wanted = parts.filter((part) => !part.isExcluded);
  const terms = new Set(wanted.filter((part) => part.kind !== 'prefix').flatMap((part) => part.words.flat()));
  const prefixes = wanted.filter((part) => part.kind === 'prefix').flatMap((part) => part.words.flat());
  const spans: Span[] = [];
  for (const { word, start, end } of tokens(text)) {
    const folded = foldAccents(word);
    if (
      terms.has(termOf(word, language)) ||
      terms.has(folded) ||
      prefixes.some((prefix) => folded.startsWith(prefix))
    )
      spans.push({ start, end });
  }
  return spans;
}

/** Where most matches lie close together. */
function bestStart(hits: readonly Span[]): number {
  let best = 0;
  let bestCount = 0;
  for (const [index, hit] of hits.entries()) {
    let count = 0;
    while (
      index + count < hits.length &&
      (hits[index + count]?.end ?? 0) <= hit.start + MAX_CHARACTERS - LEAD_CHARACTERS
    )
      count += 1;
    if (count > bestCount) {
      best = hit.start;
      bestCount = count;
    }
  }
  return best;
}

function wordStart(text: string, at: number): number {
  if (at === 0) return 0;
  const space = text.indexOf(' ', at);
  return space >= 0 && space - at < 20 ? space + 1 : at;
}

function wordEnd(text: string, at: number): number {
  if (at >= text.length) return text.length;
  const space = text.lastIndexOf(' ', at);
  return at - space < 20 ? space : at;
}
