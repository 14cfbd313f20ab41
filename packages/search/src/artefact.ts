/** Reads an extracted text, as the object store holds it, as a document to index. Parses what it needs, ignores the rest. */
import type { SearchDocument } from './search-index.ts';
import { isDate } from './search-spec.ts';

/** Why an artefact is no document, or the document. */
export type ReadArtefact =
  | { readonly ok: true; readonly document: SearchDocument }
  | { readonly ok: false; readonly reason: string };

/** What the artefact may not say itself. */
export interface ArtefactOrigin {
  readonly id: string;
  readonly revision: number;
  /** The name that people know the document by. */
  readonly source: string;
  readonly collection?: string;
}

/** The document of an artefact. Its title is that of the metadata, else the last part of its source. */
export function documentOfArtefact(json: unknown, origin: ArtefactOrigin): ReadArtefact {
  const artefact = record(json);
  const { language } = artefact;
  if (!Array.isArray(artefact['pages'])) return { ok: false, reason: 'pages: expected a list' };
  if (typeof language !== 'string') return { ok: false, reason: 'language: expected a text' };
  const pages: { page: number; text: string }[] = [];
  for (const [at, each] of artefact['pages'].entries()) {
    const { page, text } = record(each);
    if (typeof page !== 'number' || !Number.isInteger(page) || typeof text !== 'string')
      return { ok: false, reason: `pages[${at}]: expected a whole number "page" and a text "text"` };
    pages.push({ page, text });
  }
  const metadata = record(artefact['metadata']);
  const title = typeof metadata['title'] === 'string' ? metadata['title'].trim() : '';
  const name = origin.source.split('/').at(-1) ?? origin.source;
  const created =
    typeof metadata['createdAt'] === 'string'
      ? /^\d{4}-\d{2}-\d{2}/.exec(metadata['createdAt'])?.[0]
      : undefined;
  const date = created !== undefined && isDate(created) ? { date: created } : {};
  return { ok: true, document: { ...origin, title: title === '' ? name : title, language, pages, ...date } };
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
