/** Words of an index that are spelled like a word that it does not have. */
import type { QueryPart } from './query.ts';

/** Suggestions for one search. */
export const MAX_SUGGESTIONS = 5;

/** The words that a search asks for, unaccented, as they may have been mistyped; prefixes are no words yet. */
export function askedWords(parts: readonly QueryPart[]): string[] {
  const words = parts
    .filter((part) => !part.isExcluded && part.kind !== 'prefix')
    .flatMap((part) => part.words.map((terms) => terms[0] ?? ''));
  return [...new Set(words)].filter(isSuggestible);
}

/** Whether an unaccented word is worth a suggestion, or asking for one: letters, neither tiny nor data. */
export function isSuggestible(word: string): boolean {
  return /^\p{L}{4,32}$/u.test(word);
}

/** Edits that a word may be away: one in a short word, two in a longer one. */
export function maxEdits(word: string): number {
  return word.length < 6 ? 1 : 2;
}

/** Candidates within reach of a word, nearest first; those that begin like it and are as near come in their order. */
export function nearest(word: string, candidates: readonly string[]): string[] {
  const limit = maxEdits(word);
  return candidates
    .filter((each) => each !== word && Math.abs(each.length - word.length) <= limit)
    .map((each) => ({ each, edits: edits(word, each) }))
    .filter((one) => one.edits <= limit)
    .sort((one, other) => one.edits - other.edits)
    .map(({ each }) => each);
}

/** Letters to add, leave out, change or swap with their neighbour to come from one word to the other. */
export function edits(one: string, other: string): number {
  let before: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let at = 1; at <= one.length; at += 1) {
    const row = [at];
    for (let to = 1; to <= other.length; to += 1) {
      const isSame = one[at - 1] === other[to - 1];
      const isSwap = at > 1 && to > 1 && one[at - 1] === other[to - 2] && one[at - 2] === other[to - 1];
      row[to] = Math.min(
        (last[to] ?? 0) + 1,
        (row[to - 1] ?? 0) + 1,
        (last[to - 1] ?? 0) + (isSame ? 0 : 1),
        isSwap ? (before[to - 2] ?? 0) + 1 : Infinity,
      );
    }
    before = last;
    last = row;
  }
  return last[other.length] ?? 0;
}
