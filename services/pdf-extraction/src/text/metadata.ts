/** The document's statements about itself, cleaned: one line each, of bounded length, dates as ISO 8601, empty ones absent. */
import type { DocumentMetadata } from '../engine.ts';
import { normaliseText } from './normalise.ts';
import { isoDate } from './pdf-date.ts';

const MAX_LENGTH = 2_000;
const DATES: ReadonlySet<string> = new Set(['createdAt', 'modifiedAt']);

/** Metadata as an engine found it; dates in the PDF's own notation. */
export type RawMetadata = { readonly [Key in keyof Required<DocumentMetadata>]: string | undefined };

/** Cleans metadata. */
export function cleanMetadata(raw: RawMetadata): DocumentMetadata {
  const entries = Object.entries(raw).map(
    ([key, value]) => [key, DATES.has(key) ? isoDate(value ?? '') : line(value ?? '')] as const,
  );
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== ''));
}

function line(text: string): string {
  return normaliseText(text.slice(0, MAX_LENGTH)).replaceAll(/\s+/g, ' ');
}
