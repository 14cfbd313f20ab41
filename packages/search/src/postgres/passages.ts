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

interface Placed {
  readonly term: string;
  readonly weight: 'A' | 'D';
}

/** The passages of a document as texts that PostgreSQL reads as `tsvector`: the title with weight A, the text with D. Shows each word. */
export function passagesOf(
  { title, language, pages }: SearchDocument,
  see: (word: string) => void = () => undefined,
): string[] {
  const passages: string[] = [];
  let passage = new Passage();
  const add = (placed: Placed): void => {
    // Marks without a letter fold to nothing, which PostgreSQL takes for a syntax error.
    if (placed.term === '') return;
    if (passage.isFullFor(placed.term)) {
      passages.push(passage.toText());
      const next = new Passage();
      for (const each of passage.tail()) next.add(each);
      // A passage whose tail alone fills it would never end.
      passage = next.isFullFor(placed.term) ? new Passage() : next;
    }
    passage.add(placed);
  };
  const addAll = (text: string, weight: Placed['weight']): void => {
    for (const { word } of tokens(text)) {
      see(word);
      add({ term: termOf(word, language), weight });
    }
  };
  addAll(title, 'A');
  passage.skip(GAP);
  for (const { text } of pages) addAll(text, 'D');
  if (!passage.isEmpty) passages.push(passage.toText());
  return passages;
}

class Passage {
  readonly #positions = new Map<string, string[]>();
  #last: Placed[] = [];
  #position = 0;
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#positions.size === 0;
  }

  isFullFor(term: string): boolean {
    return (
      this.#position >= MAX_POSITION ||
      this.#bytes + bytesOf(term) > MAX_BYTES ||
      (this.#positions.get(term)?.length ?? 0) >= MAX_POSITIONS_OF_A_TERM
    );
  }

  add(placed: Placed): void {
    const { term, weight } = placed;
    this.#position += 1;
    const place = `${this.#position}${weight === 'A' ? 'A' : ''}`;
    const places = this.#positions.get(term);
    if (places === undefined) {
      this.#positions.set(term, [place]);
      this.#bytes += bytesOf(term);
    } else places.push(place);
    this.#bytes += 2;
    this.#last.push(placed);
    if (this.#last.length > 4 * OVERLAP) this.#last = this.#last.slice(-OVERLAP);
  }

  skip(words: number): void {
    this.#position += words;
  }

  tail(): readonly Placed[] {
    return this.#last.slice(-OVERLAP);
  }

  toText(): string {
    return [...this.#positions].map(([term, places]) => `${quoted(term)}:${places.join(',')}`).join(' ');
  }
}

/** What a term takes in a tsvector: itself, its entry, the count of its positions and their alignment. */
function bytesOf(term: string): number {
  return Buffer.byteLength(term) + 8;
}

/** A term as `tsvector` and `tsquery` take it. */
export function quoted(term: string): string {
  return `'${term.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
