/** The document's statements about itself, cleaned: one line each, of bounded length, dates as ISO 8601, empty ones absent. */
import type { DocumentMetadata } from '../engine.ts';
import { normaliseText } from './normalise.ts';
import { isoDate } from './pdf-date.ts';

const MAX_LENGTH = 2_000;
const CLEANERS: Readonly<Record<string, (text: string) => string | undefined>> = {
  createdAt: isoDate,
  modifiedAt: isoDate,
  language: languageTag,
};

/** Metadata as an engine found it; dates in the PDF's own notation. */
export type RawMetadata = { readonly [Key in keyof Required<DocumentMetadata>]: string | undefined };

/** Cleans metadata. */
export function cleanMetadata(raw: RawMetadata): DocumentMetadata {
  const entries = Object.entries(raw).map(
    ([key, value]) => [key, (CLEANERS[key] ?? line)(value ?? '')] as const,
  );
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== ''));
}

/** The tag as BCP 47 writes it, or nothing where it is none. */
function languageTag(text: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(text.trim())[0];
  } catch {
    return undefined;
  }
}

function line(text: string): string {
  return normaliseText(text.slice(0, MAX_LENGTH)).replaceAll(/\s+/g, ' ');
}
