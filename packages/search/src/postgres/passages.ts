/**
 * A document's terms as PostgreSQL holds them: one `tsvector` per passage. A tsvector has bounds (positions up to 16,383,
 * 256 of them per term, 1 MiB in all), beyond which it forgets silently or refuses; a passage ends before any of them, so
 * a book of any length is indexed word for word. https://www.postgresql.org/docs/current/textsearch-limitations.html
 */
import { termOf } from '../analysis/terms.ts';
import { tokens } from '../analysis/tokens.ts';
import type { SearchDocument } from '../search-index.ts';

const MAX_POSITION = 16_000;
const MAX_POSITIONS_OF_A_TERM = 250;
/** Below 1 MiB by what alignment may add. */
const MAX_BYTES = 900_000;
/** Words of a passage that the next one repeats, so that a phrase is found across their border. */
const OVERLAP = 64;
/** Between the title and the text, so that no phrase spans both. */
const GAP = 10;

/** A passage in the making. */
interface Passage {
  readonly entries: Map<string, { places: string; count: number }>;
  position: number;
  bytes: number;
}

/**
 * The passages of a document as texts that PostgreSQL reads as `tsvector`: the title with weight A, the text with D. Shows
 * one word of each term.
 */
export function passagesOf(
  { title, language, pages }: SearchDocument,
  see: (word: string) => void = () => undefined,
): string[] {
  const passages: string[] = [];
  let passage: Passage = { entries: new Map(), position: 0, bytes: 0 };
  // The last terms of all, as a ring.
  const last: string[] = [];
  let placed = 0;
  const addAll = (text: string, weight: 'A' | ''): void => {
    for (const { word } of tokens(text)) {
      const term = termOf(word, language);
      // Marks without a letter fold to nothing, which PostgreSQL takes for a syntax error.
      if (term === '') continue;
      if (isFull(passage, term)) {
        passages.push(textOf(passage));
        passage = after(last, placed);
      }
      if (place(passage, term, weight)) see(word);
      last[placed % OVERLAP] = term;
      placed += 1;
    }
  };
  addAll(title, 'A');
  passage.position += GAP;
  for (const { text } of pages) addAll(text, '');
  if (passage.entries.size > 0) passages.push(textOf(passage));
  return passages;
}

function isFull({ entries, position, bytes }: Passage, term: string): boolean {
  return (
    position >= MAX_POSITION ||
    bytes > MAX_BYTES ||
    (entries.get(term)?.count ?? 0) >= MAX_POSITIONS_OF_A_TERM
  );
}

/** Whether the term is new to the passage. */
function place(passage: Passage, term: string, weight: 'A' | ''): boolean {
  passage.position += 1;
  const entry = passage.entries.get(term);
  if (entry === undefined) {
    passage.entries.set(term, { places: `${passage.position}${weight}`, count: 1 });
    passage.bytes += bytesOf(term) + 2;
    return true;
  }
  entry.places += `,${passage.position}${weight}`;
  entry.count += 1;
  passage.bytes += 2;
  return false;
}

/** A passage that begins with the last terms of the one before. */
function after(last: readonly string[], placed: number): Passage {
  const passage: Passage = { entries: new Map(), position: 0, bytes: 0 };
  for (let at = Math.max(0, placed - OVERLAP); at < placed; at += 1)
    place(passage, last[at % OVERLAP] ?? '', '');
  return passage;
}

function textOf({ entries }: Passage): string {
  let text = '';
  for (const [term, { places }] of entries) text += `${quoted(term)}:${places} `;
  return text;
}

/** What a term takes in a tsvector: itself, its entry, the count of its positions and their alignment. */
function bytesOf(term: string): number {
  return Buffer.byteLength(term) + 8;
}

/** A term as `tsvector` and `tsquery` take it. */
export function quoted(term: string): string {
  return `'${term.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
