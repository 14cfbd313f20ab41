/** A text as its index terms, in order, between spaces: what an engine without a stemmer of its own is given. */
import { termOf } from './terms.ts';
import { foldAccents, tokens, writtenWords } from './tokens.ts';

/** What becomes of a word as it is written. */
interface Analysed {
  /** Its terms, between spaces: one, unless it has no spaces inside. */
  readonly terms: string;
  /** Its words without accents. */
  readonly words: readonly string[];
}

const REMEMBERED_WORDS = 100_000;
const memories = new Map<string, Map<string, Analysed>>();

/**
 * The terms of a text. `onWord`, where given, is told of its words without accents, for every time that they occur, under
 * the form in which they are written: who has seen a form has seen its words.
 */
export function termText(
  text: string,
  language: string,
  onWord?: (written: string, words: readonly string[]) => void,
): string {
  const memory = memoryOf(language);
  const terms: string[] = [];
  for (const written of writtenWords(text)) {
    const known = memory.get(written) ?? remember(memory, written, language);
    if (known.terms !== '') terms.push(known.terms);
    onWord?.(written, known.words);
  }
  return terms.join(' ');
}

/** Pure memory of a pure function; words repeat (Zipf), so it saves nine tenths of the work. */
function memoryOf(language: string): Map<string, Analysed> {
  const key = language === 'fr' || language === 'en' ? language : '';
  const memory = memories.get(key) ?? new Map<string, Analysed>();
  memories.set(key, memory);
  return memory;
}

function remember(memory: Map<string, Analysed>, written: string, language: string): Analysed {
  const words = Array.from(tokens(written), ({ word }) => word);
  const analysed = {
    terms: words.map((word) => termOf(word, language)).join(' '),
    words: words.map(foldAccents),
  };
  // Runs without spaces are whole sentences: they do not come again.
  if (words.length > 1) return analysed;
  if (memory.size >= REMEMBERED_WORDS) memory.clear();
  memory.set(written, analysed);
  return analysed;
}
