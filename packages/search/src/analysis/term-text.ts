/** A text as its index terms, in order, between spaces: what an engine without a stemmer of its own is given. */
import { termOf } from './terms.ts';
import { tokens } from './tokens.ts';

/** The terms of a text; `words`, where given, receives its words as they are written, in lower case. */
export function termText(text: string, language: string, words?: Set<string>): string {
  const terms: string[] = [];
  for (const { word } of tokens(text)) {
    terms.push(termOf(word, language));
    words?.add(word);
  }
  return terms.join(' ');
}
