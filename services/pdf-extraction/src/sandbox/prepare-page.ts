/** From an engine's page to what is kept of it; runs in the child, so that hostile text costs the child's time. */
import type { EnginePage, TextLayer } from '../engine.ts';
import { normaliseText } from '../text/normalise.ts';
import { countWords } from '../text/words.ts';
import type { ReadPage } from './messages.ts';

/**
 * Cleans a page's text, appends form values and comments, counts words, tells the text layer. With `keepOriginal` the text
 * as the engine gave it goes along.
 */
export function preparePage(page: EnginePage, { keepOriginal = false } = {}): ReadPage {
  const content = normaliseText(page.text);
  const fields = page.fields.map(({ name, value }) => ({
    name: normaliseText(name),
    value: normaliseText(value),
  }));
  // A field shown in several places has one value.
  const notes = new Set(
    [...fields.map(({ value }) => value), ...page.annotations.map(normaliseText)].filter(
      (note) => note !== '',
    ),
  );
  const text = [content, ...notes].filter((part) => part !== '').join('\n');
  return {
    page: page.page,
    ...(page.label === undefined ? {} : { label: page.label }),
    text,
    ...(keepOriginal ? { original: page.text.toWellFormed() } : {}),
    textLayer: textLayerOf(content, page.isBlank, notes.size > 0),
    hasUnreadableText: content === '' && page.hasTextObjects,
    words: countWords(text),
    fields,
    links: page.links,
  };
}

/** A blank page that is filled in has its text in its fields; a picture with comments on it still needs OCR. */
function textLayerOf(content: string, isBlank: boolean, hasNotes: boolean): TextLayer {
  if (content !== '') return 'present';
  if (!isBlank) return 'none';
  return hasNotes ? 'present' : 'empty';
}
