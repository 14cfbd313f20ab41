/**
 * The words of an index for suggestions, in a table of their own. Most words of a document are known already; what this
 * process has written it remembers, so that a batch adds only what is new. Words of deleted documents stay: a suggestion is
 * looked up before it is made.
 */
import { foldAccents } from '../analysis/tokens.ts';
import { queryTerms } from '../analysis/terms.ts';
import { isSuggestible, maxEdits, MAX_SUGGESTIONS, nearest } from '../suggestions.ts';
import type { Run } from './connection.ts';
import { partToTsquery } from './search-statement.ts';
import type { GenerationTables } from './schema.ts';

/** What this process knows of the table. */
export interface Vocabulary {
  isKnown(word: string): boolean;
  /** Call it once the words are committed. */
  remember(words: Iterable<string>): void;
}

const MAX_REMEMBERED = 200_000;
const MAX_CANDIDATES = 20_000;
const MAX_TRIED = 20;

/** An empty memory. */
export function createVocabulary(): Vocabulary {
  const known = new Set<string>();
  return {
    isKnown: (word) => known.has(word),
    remember(words) {
      if (known.size > MAX_REMEMBERED) known.clear();
      for (const word of words) known.add(word);
    },
  };
}

/**
 * Adds words. The last statement of a transaction, and sorted: two that add the same words wait for each other and never in
 * a circle.
 */
export async function saveWords(run: Run, table: string, words: ReadonlySet<string>): Promise<void> {
  const folded = [...new Set([...words].map(foldAccents))].filter(isSuggestible).sort();
  if (folded.length === 0) return;
  await run(
    `INSERT INTO ${table} (word) SELECT word FROM unnest($1::text[]) AS input (word) ORDER BY word COLLATE "C"
     ON CONFLICT DO NOTHING`,
    [folded],
  );
}

/** Words that occur in the index and are spelled like these, which do not. */
export async function suggestionsFor(
  run: Run,
  tables: GenerationTables,
  words: readonly string[],
): Promise<string[]> {
  const found: string[] = [];
  for (const word of words) {
    if (found.length >= MAX_SUGGESTIONS) break;
    if (await occurs(run, tables, word)) continue;
    const limit = maxEdits(word);
    // Who mistypes a word begins it right most of the time.
    const rows = await run(
      `SELECT word FROM ${tables.words} WHERE word >= $1 AND word < $2 AND length(word) BETWEEN $3 AND $4
       ORDER BY word LIMIT ${MAX_CANDIDATES}`,
      [word.slice(0, 1), following(word), word.length - limit, word.length + limit],
    );
    const near = nearest(
      word,
      rows.map((row) => String(row['word'])),
    );
    for (const each of near.slice(0, MAX_TRIED)) {
      if (found.length >= MAX_SUGGESTIONS) break;
      if (await occurs(run, tables, each)) found.push(each);
    }
  }
  return found;
}

async function occurs(run: Run, { passages }: GenerationTables, word: string): Promise<boolean> {
  const query = partToTsquery({ kind: 'word', isExcluded: false, words: [queryTerms(word)] });
  const [row] = await run(`SELECT EXISTS (SELECT FROM ${passages} WHERE terms @@ $1::tsquery) AS found`, [
    query,
  ]);
  return row?.['found'] === true;
}

/** The first text that no longer begins with the first letter of a word. */
function following(word: string): string {
  return String.fromCodePoint((word.codePointAt(0) ?? 0) + 1);
}
