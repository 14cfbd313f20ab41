/** A found document as a search shows it: its page that matches best, with the snippet of that page. */
import type { QueryPart } from './query.ts';
import type { SearchDocument, SearchHit, SnippetPart } from './search-index.ts';
import { snippetOf } from './snippet.ts';

/** A document as a driver holds it, with its score. */
export interface ScoredDocument extends Omit<SearchDocument, 'revision'> {
  readonly score: number;
}

/** Makes the hit of a found document. */
export function hitOf(document: ScoredDocument, parts: readonly QueryPart[]): SearchHit {
  const { id, title, source, language, pages, score } = document;
  const wanted = parts.filter((part) => !part.isExcluded).length;
  let best: { page: number; snippet: SnippetPart[]; hits: number } | undefined;
  for (const { page, text } of pages) {
    const snippet = snippetOf(text, language, parts);
    const hits = new Set(snippet.filter((part) => part.hit).map((part) => part.text.toLowerCase())).size;
    if (best === undefined || hits > best.hits) best = { page, snippet, hits };
    // A snippet with every word of the query is as good as it gets.
    if (hits >= wanted) break;
  }
  const { page, snippet } = best ?? { page: 1, snippet: [] };
  return { id, title, source, language, page, score, snippet };
}
