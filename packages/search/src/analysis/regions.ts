/**
 * What the stemmers share: the regions R1 and R2 of M. F. Porter's algorithms, and the search for the longest suffix of a
 * table.
 */

/** Suffixes with what each means to its step, found by {@link longestSuffix}. */
export interface SuffixTable<Action> {
  readonly actions: ReadonlyMap<string, Action>;
  readonly maxLength: number;
}

/** A table from groups of suffixes, written as words, that share an action. */
export function suffixTable<Action>(
  groups: readonly (readonly [suffixes: string, action: Action])[],
): SuffixTable<Action> {
  const actions = new Map(
    groups.flatMap(([suffixes, action]) => suffixes.split(' ').map((suffix) => [suffix, action])),
  );
  return { actions, maxLength: Math.max(...[...actions.keys()].map((suffix) => suffix.length)) };
}

/** The longest suffix of the table that a word ends with and that starts at `from` or later. */
export function longestSuffix<Action>(
  word: string,
  table: SuffixTable<Action>,
  from = 0,
): { readonly suffix: string; readonly action: Action } | undefined {
  for (let length = Math.min(table.maxLength, word.length - from); length > 0; length -= 1) {
    const suffix = word.slice(-length);
    const action = table.actions.get(suffix);
    if (action !== undefined) return { suffix, action };
  }
  return undefined;
}

/** Where the region after the first non-vowel that follows a vowel starts, looked for from `from`; else the word's end. */
export function regionStart(word: string, vowels: ReadonlySet<string>, from = 0): number {
  let at = from;
  while (at < word.length && !vowels.has(word.charAt(at))) at += 1;
  while (at < word.length && vowels.has(word.charAt(at))) at += 1;
  return Math.min(at + 1, word.length);
}
