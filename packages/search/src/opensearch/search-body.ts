/** A parsed query in the query language of OpenSearch. Terms are exact, so nothing a person types is taken for syntax. */
import type { QueryPart } from '../query.ts';
import type { SearchSpec } from '../search-spec.ts';
import { maxEdits } from '../suggestions.ts';
import { TITLE_BOOST } from './index-definition.ts';

type Clause = Readonly<Record<string, unknown>>;

/** Body of the search: all wanted parts, none of the excluded, by score, then by id so that the order is one. */
export function searchBody({
  parts,
  limit,
  language,
  collection,
  from,
  to,
}: SearchSpec): Record<string, unknown> {
  const filter: Clause[] = [{ term: { isDeleted: false } }];
  if (language !== undefined) filter.push({ term: { language } });
  if (collection !== undefined) filter.push({ term: { collection } });
  if (from !== undefined || to !== undefined)
    filter.push({
      range: {
        date: { ...(from === undefined ? {} : { gte: from }), ...(to === undefined ? {} : { lte: to }) },
      },
    });
  return {
    size: limit,
    track_total_hits: true,
    _source: ['id', 'title', 'source', 'language', 'pages'],
    query: {
      bool: {
        must: parts.filter((part) => !part.isExcluded).map(partToClause),
        must_not: parts.filter((part) => part.isExcluded).map(partToClause),
        filter,
      },
    },
    sort: [{ _score: 'desc' }, { id: 'asc' }],
  };
}

function partToClause({ kind, words }: QueryPart): Clause {
  const variants =
    kind === 'phrase'
      ? // All words of a phrase in the same language.
        (words[0] ?? []).map((_term, language) => words.map((terms) => terms[language] ?? ''))
      : (words[0] ?? []).map((term) => [term]);
  const distinct = new Map(
    variants.filter((terms) => !terms.includes('')).map((terms) => [terms.join(' '), terms]),
  );
  const should = [...distinct.keys()].flatMap((text) => [
    clause(kind, 'titleTerms', text, TITLE_BOOST),
    clause(kind, 'textTerms', text, 1),
  ]);
  return should.length === 0 ? { match_none: {} } : { bool: { should, minimum_should_match: 1 } };
}

function clause(kind: QueryPart['kind'], field: string, text: string, boost: number): Clause {
  if (kind === 'phrase') return { match_phrase: { [field]: { query: text, boost } } };
  return { [kind === 'prefix' ? 'prefix' : 'term']: { [field]: { value: text, boost } } };
}

/** Body of the search for words that are spelled like these: OpenSearch's term suggester on the words of the documents. */
export function suggestBody(words: readonly string[]): Record<string, unknown> {
  return {
    size: 0,
    query: { match_none: {} },
    suggest: Object.fromEntries(
      words.map((word) => [
        word,
        {
          text: word,
          term: { field: 'words', suggest_mode: 'missing', max_edits: maxEdits(word), prefix_length: 1 },
        },
      ]),
    ),
  };
}
