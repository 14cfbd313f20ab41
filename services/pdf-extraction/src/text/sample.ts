/** The beginning of a document's text. */
import { LANGUAGE_SAMPLE_LENGTH } from './language.ts';

/** Text of the first pages, enough to tell its language and direction. */
export function sampleOf(pages: readonly { readonly text: string }[]): string {
  let sample = '';
  for (const page of pages) {
    if (sample.length >= LANGUAGE_SAMPLE_LENGTH) break;
    sample += `${page.text}\n`;
  }
  return sample;
}
