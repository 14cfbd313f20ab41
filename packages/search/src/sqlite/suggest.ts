/** Words of a generation that are spelled like those of a search that found nothing. */
import type { DatabaseSync } from 'node:sqlite';
import { queryTerms } from '../analysis/terms.ts';
import { toFts, type QueryPart } from '../query.ts';
import { MAX_SUGGESTIONS, askedWords, maxEdits, nearest } from '../suggestions.ts';

const MAX_CANDIDATES = 20_000;
const MAX_TRIED = 20;

/** Suggestions, best first; words of deleted documents are left out. */
export function suggestionsFor(
  database: DatabaseSync,
  generation: number,
  parts: readonly QueryPart[],
): string[] {
  const match = database.prepare(
    `SELECT 1 FROM terms_${generation} WHERE terms_${generation} MATCH ? LIMIT 1`,
  );
  const occurs = (word: string): boolean =>
    match.get(toFts([{ kind: 'word', isExcluded: false, words: [queryTerms(word)] }])) !== undefined;
  // Who mistypes a word begins it right most of the time.
  const candidates = database.prepare(
    `SELECT word FROM words_${generation} WHERE word >= ? AND word < ? AND length(word) BETWEEN ? AND ?
     LIMIT ${MAX_CANDIDATES}`,
  );
  const found: string[] = [];
  for (const word of askedWords(parts)) {
    if (found.length >= MAX_SUGGESTIONS || occurs(word)) continue;
    const [first = ''] = word;
    const next = String.fromCodePoint((first.codePointAt(0) ?? 0) + 1);
    const reach = maxEdits(word);
    const rows = candidates.all(first, next, word.length - reach, word.length + reach) as { word: string }[];
    const near = nearest(
      word,
      rows.map((row) => row.word),
    ).slice(0, MAX_TRIED);
    found.push(...near.filter(occurs));
  }
  return [...new Set(found)].slice(0, MAX_SUGGESTIONS);
}
