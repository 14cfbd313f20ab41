/**
 * How the index is defined. The terms are made by our own analysis, so all that OpenSearch has to do is to cut them at the
 * spaces: every driver finds the same, with any version of the engine and no plug-in. The mapping is strict: a field that
 * nobody declared is an error instead of a new column.
 */
import { termOf } from '../analysis/terms.ts';
import { foldAccents, tokens } from '../analysis/tokens.ts';
import type { SearchDocument } from '../search-index.ts';
import { isSuggestible } from '../suggestions.ts';

/** Raise it when the mapping or the analysis of text change; such an index must be rebuilt. */
export const DEFINITION_VERSION = 1;

/** A word in the title says more than one in the text. */
export const TITLE_BOOST = 5;

/** Body of the request that creates the index. */
export function indexDefinition(options: {
  readonly shards: number;
  readonly replicas: number;
  readonly alias: string;
}): Record<string, unknown> {
  const terms = { type: 'text', analyzer: 'whitespace' };
  return {
    aliases: { [options.alias]: {} },
    settings: { index: { number_of_shards: options.shards, number_of_replicas: options.replicas } },
    mappings: {
      dynamic: 'strict',
      _meta: { longshoreVersion: DEFINITION_VERSION },
      // What is only searched is not kept twice.
      _source: { excludes: ['titleTerms', 'textTerms', 'words'] },
      properties: {
        id: { type: 'keyword' },
        revision: { type: 'long' },
        isDeleted: { type: 'boolean' },
        language: { type: 'keyword' },
        collection: { type: 'keyword' },
        // As a text: `YYYY-MM-DD` sorts as it is, and a date that is none spoils no document.
        date: { type: 'keyword' },
        title: { type: 'keyword', index: false, doc_values: false },
        source: { type: 'keyword', index: false, doc_values: false },
        pages: { type: 'object', enabled: false },
        titleTerms: terms,
        textTerms: terms,
        words: { type: 'text', analyzer: 'whitespace', norms: false, index_options: 'docs' },
      },
    },
  };
}

/** A document as the index takes it. */
export function sourceOf(document: SearchDocument): Record<string, unknown> {
  const { id, revision, language, title, source, pages, collection, date } = document;
  const words = new Set<string>();
  const seen = new Set<string>();
  const terms = (text: string): string => {
    const found: string[] = [];
    for (const { word } of tokens(text)) {
      if (!seen.has(word)) {
        seen.add(word);
        const folded = foldAccents(word);
        if (isSuggestible(folded)) words.add(folded);
      }
      found.push(termOf(word, language));
    }
    return found.filter((term) => term !== '').join(' ');
  };
  const titleTerms = terms(title);
  const textTerms = terms(pages.map(({ text }) => text).join('\n'));
  return {
    id,
    revision,
    isDeleted: false,
    language,
    ...(collection === undefined ? {} : { collection }),
    ...(date === undefined ? {} : { date }),
    title,
    source,
    pages,
    titleTerms,
    textTerms,
    words: [...words].join(' '),
  };
}

/**
 * What stays of a deleted document. OpenSearch forgets the version of a deleted document after a minute
 * (`index.gc_deletes`), and an older revision would come back; a document that says that it is deleted is never forgotten.
 */
export function tombstoneOf(id: string, revision: number): Record<string, unknown> {
  return { id, revision, isDeleted: true };
}
