/** "Did you mean": the known word that a mistyped one is closest to. */

/** `, did you mean "enqueue"?`, or nothing when no candidate is close enough to be meant. */
export function didYouMean(word: string, candidates: readonly string[], prefix = ''): string {
  const found = closest(word, candidates);
  return found === undefined ? '' : `, did you mean "${prefix}${found}"?`;
}

/** The candidate that starts with the word, or is at most a third of its letters away from it. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const started = lower.length < 2 ? undefined : candidates.find((candidate) => candidate.startsWith(lower));
  if (started !== undefined) return started;
  const most = Math.max(1, Math.floor(lower.length / 3));
  const ranked = candidates
    .map((candidate) => ({ candidate, edits: editDistance(lower, candidate) }))
    .filter(({ edits }) => edits <= most)
    .sort((one, other) => one.edits - other.edits);
  return ranked[0]?.candidate;
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment distance). */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwap =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const edits = [
        (last[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
      ];
      if (isSwap) edits.push((beforeLast[column - 2] ?? 0) + 1);
      next.push(Math.min(...edits));
    }
    beforeLast = last;
    last = next;
  }
  return last[to.length] ?? from.length;
}
