/** A search as typed, parsed: words, "phrases", prefix*, -excluded. Nothing a person types is a syntax error. */
import { LongshoreError } from '@longshore/job';
import { queryTerms } from './analysis/terms.ts';
import { foldAccents, tokens } from './analysis/tokens.ts';

/** One condition. */
export interface QueryPart {
  readonly kind: 'word' | 'phrase' | 'prefix';
  readonly isExcluded: boolean;
  /** For each word, the terms that it may stand for, in the order of `queryTerms`; one term for a prefix. */
  readonly words: readonly (readonly string[])[];
}

const PART = /(-?)(?:"([^"]*)"?|(\S+))/g;
const MAX_CHARACTERS = 1_000;
const MAX_PARTS = 32;

/** Parses a query. @throws LongshoreError `invalid_query` when it has no word to look for, or is too long. */
export function parseQuery(text: string): QueryPart[] {
  if (text.length > MAX_CHARACTERS) {
    throw new LongshoreError(
      'invalid_query',
      `Cannot search for ${text.length} characters: ${MAX_CHARACTERS} are read at most`,
    );
  }
  const parts: QueryPart[] = [];
  for (const [, minus, phrase, bare] of text.toWellFormed().matchAll(PART)) {
    const isExcluded = minus === '-';
    const source = phrase ?? bare ?? '';
    const words = [...tokens(source)].map((token) => token.word);
    if (words.length === 0) continue;
    if (phrase === undefined && source.endsWith('*') && words.length === 1) {
      parts.push({ kind: 'prefix', isExcluded, words: words.map((word) => [foldAccents(word)]) });
    } else
      parts.push({ kind: words.length > 1 ? 'phrase' : 'word', isExcluded, words: words.map(queryTerms) });
    if (parts.length === MAX_PARTS) break;
  }
  if (!parts.some((part) => !part.isExcluded)) {
    throw new LongshoreError(
      'invalid_query',
      `Cannot search for "${text.slice(0, 80)}": give at least one word to look for`,
    );
  }
  return parts;
}

/** The query in FTS5's language. Every term is quoted. */
export function toFts(parts: readonly QueryPart[]): string {
  const wanted = parts.filter((part) => !part.isExcluded).map(partToFts);
  const excluded = parts.filter((part) => part.isExcluded).map(partToFts);
  const base = wanted.join(' AND ');
  return excluded.length === 0 ? base : `(${base}) NOT (${excluded.join(' OR ')})`;
}

function partToFts({ kind, words }: QueryPart): string {
  const quote = (term: string): string => `"${term.replaceAll('"', '""')}"`;
  if (kind === 'prefix') return words.map((terms) => `${quote(terms[0] ?? '')} *`).join(' ');
  if (kind === 'word') return `(${[...new Set(words[0])].map(quote).join(' OR ')})`;
  // All words of a phrase in the same language.
  const variants = new Set(
    (words[0] ?? []).map((_term, language) => words.map((terms) => terms[language] ?? '').join(' ')),
  );
  return `(${[...variants].map(quote).join(' OR ')})`;
}
