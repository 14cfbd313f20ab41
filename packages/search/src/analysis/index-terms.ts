/** What an index keeps of a text. */
import { termOf } from './terms.ts';
import { tokens } from './tokens.ts';

/**
 * The terms of a text, in its order: what every driver of this package indexes. Words are stemmed in French (`fr`) and
 * English (`en`) and only then stripped of their accents; in other languages they are stripped only.
 */
export function indexTerms(text: string, language: string): string[] {
  return Array.from(tokens(text), ({ word }) => termOf(word, language));
}
