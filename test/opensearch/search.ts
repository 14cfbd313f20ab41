/** Search, count and get: https://docs.opensearch.org/latest/api-reference/search/ */
import { fieldsOf, Refusal, type Answer, type Fields } from './answer.ts';
import { keptSource, type StoredDocument, type StoredIndex } from './cluster.ts';
import { tokensOf } from './mapping.ts';
import { compile } from './query.ts';

/** `index.max_result_window`: https://docs.opensearch.org/latest/install-and-configure/configuring-opensearch/index-settings/ */
const MAX_RESULT_WINDOW = 10_000;
const KNOWN = ['size', 'from', 'query', 'sort', '_source', 'track_total_hits', 'suggest', 'search_after'];

interface ScoredDocument {
  readonly document: StoredDocument;
  readonly score: number;
}

/** Searches what was refreshed. */
export function search(index: StoredIndex, body: Fields): Answer {
  const unknown = Object.keys(body).find((key) => !KNOWN.includes(key));
  if (unknown !== undefined)
    throw new Refusal(400, 'parsing_exception', `Unknown key for a value in [${unknown}].`);
  const size = Number(body['size'] ?? 10);
  const from = Number(body['from'] ?? 0);
  if (from + size > MAX_RESULT_WINDOW)
    throw new Refusal(
      400,
      'illegal_argument_exception',
      `Result window is too large, from + size must be less than or equal to: [${MAX_RESULT_WINDOW}] but was [${from + size}]`,
    );
  const matcher = compile(index, body['query'] ?? { match_all: {} });
  const found = [...index.searchable.values()]
    .map((document) => ({ document, score: matcher(document) }))
    .filter((each): each is ScoredDocument => each.score !== undefined);
  const keys = sortKeys(body['sort']);
  found.sort((one, other) => compare(valuesOf(keys, one), valuesOf(keys, other), keys));
  const after = Array.isArray(body['search_after']) ? (body['search_after'] as unknown[]) : undefined;
  const rest =
    after === undefined ? found : found.filter((each) => compare(valuesOf(keys, each), after, keys) > 0);
  const suggest =
    body['suggest'] === undefined ? {} : { suggest: suggestions(index, fieldsOf(body['suggest'])) };
  return {
    status: 200,
    body: {
      took: 1,
      timed_out: false,
      hits: {
        total: totalOf(found.length, body['track_total_hits']),
        max_score: found[0]?.score ?? null,
        hits: rest.slice(from, from + size).map((each) => hitOf(index, each, { keys, body })),
      },
      ...suggest,
    },
  };
}

/** Without `track_total_hits` no more than 10,000 are counted. */
function totalOf(count: number, tracked: unknown): Fields {
  if (tracked === true || count <= MAX_RESULT_WINDOW) return { value: count, relation: 'eq' };
  return { value: MAX_RESULT_WINDOW, relation: 'gte' };
}

interface SortKey {
  readonly field: string;
  readonly isDescending: boolean;
}

function sortKeys(sort: unknown): SortKey[] {
  const given = Array.isArray(sort) ? (sort as unknown[]) : [{ _score: 'desc' }];
  return given.map((each) => {
    const [[field, order] = ['', 'asc']] = Object.entries(fieldsOf(each));
    return { field, isDescending: order === 'desc' };
  });
}

function valuesOf(keys: readonly SortKey[], { document, score }: ScoredDocument): unknown[] {
  return keys.map(({ field }) => (field === '_score' ? score : document.indexed[field]));
}

function compare(one: readonly unknown[], other: readonly unknown[], keys: readonly SortKey[]): number {
  for (const [at, { isDescending }] of keys.entries()) {
    const left = one[at] as string | number;
    const right = other[at] as string | number;
    if (left === right) continue;
    const isBefore = isDescending ? left > right : left < right;
    return isBefore ? -1 : 1;
  }
  return 0;
}

function hitOf(
  index: StoredIndex,
  { document, score }: ScoredDocument,
  { keys, body }: { readonly keys: readonly SortKey[]; readonly body: Fields },
): Fields {
  const wanted = body['_source'];
  const source = Object.fromEntries(
    Object.entries(keptSource(index, document)).filter(
      ([field]) => !Array.isArray(wanted) || wanted.includes(field),
    ),
  );
  return {
    _index: index.name,
    _id: document.id,
    _score: score,
    sort: valuesOf(keys, { document, score }),
    ...(wanted === false ? {} : { _source: source }),
  };
}

/** https://docs.opensearch.org/latest/search-plugins/searching-data/did-you-mean/ (term suggester). */
function suggestions(index: StoredIndex, suggest: Fields): Fields {
  return Object.fromEntries(
    Object.entries(suggest)
      .filter(([name]) => name !== 'text')
      .map(([name, value]) => {
        const { text = suggest['text'], term } = fieldsOf(value);
        const settings = fieldsOf(term);
        const field = String(settings['field']);
        if (index.mapping.properties[field]?.['type'] !== 'text')
          throw new Refusal(400, 'illegal_argument_exception', `no mapping found for field [${field}]`);
        const counts = documentCounts(index, field);
        return [
          name,
          tokensOf(text).map((word) => ({ text: word, options: optionsFor(word, counts, settings) })),
        ];
      }),
  );
}

function documentCounts(index: StoredIndex, field: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const document of index.searchable.values())
    for (const token of new Set(tokensOf(document.indexed[field])))
      counts.set(token, (counts.get(token) ?? 0) + 1);
  return counts;
}

/** Defaults as documented: `max_edits` 2, `prefix_length` 1, `min_word_length` 4, `suggest_mode` missing, `size` 5. */
function optionsFor(word: string, counts: ReadonlyMap<string, number>, settings: Fields): Fields[] {
  const maxEdits = Number(settings['max_edits'] ?? 2);
  const prefix = Number(settings['prefix_length'] ?? 1);
  const shortest = Number(settings['min_word_length'] ?? 4);
  if ((settings['suggest_mode'] ?? 'missing') === 'missing' && counts.has(word)) return [];
  return [...counts]
    .filter(([each]) => each !== word && each.length >= shortest && each.startsWith(word.slice(0, prefix)))
    .map(([text, freq]) => ({ text, freq, edits: editsBetween(word, text) }))
    .filter(({ edits }) => edits <= maxEdits)
    .sort((one, other) => one.edits - other.edits || other.freq - one.freq)
    .slice(0, Number(settings['size'] ?? 5))
    .map(({ text, freq, edits }) => ({ text, freq, score: 1 - edits / Math.min(text.length, word.length) }));
}

function editsBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [at, letter] of [...one].entries()) {
    const next = [at + 1];
    for (const [place, each] of [...other].entries())
      next.push(
        Math.min(
          (row[place + 1] ?? 0) + 1,
          (next[place] ?? 0) + 1,
          (row[place] ?? 0) + (letter === each ? 0 : 1),
        ),
      );
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** https://docs.opensearch.org/latest/api-reference/search-apis/count/ */
export function count(index: StoredIndex, body: Fields): Answer {
  const matcher = compile(index, body['query'] ?? { match_all: {} });
  const found = [...index.searchable.values()].filter((document) => matcher(document) !== undefined);
  return { status: 200, body: { count: found.length } };
}

/** https://docs.opensearch.org/latest/api-reference/document-apis/multi-get/: gets see what is written at once. */
export function getMany(index: StoredIndex, body: Fields, includes: string | null): Answer {
  if (!Array.isArray(body['ids']) || body['ids'].length === 0)
    throw new Refusal(
      400,
      'action_request_validation_exception',
      'Validation Failed: 1: no documents to get;',
    );
  const fields = includes?.split(',');
  const docs = body['ids'].map((id: unknown) => {
    const document = index.documents.get(String(id));
    if (document === undefined) return { _index: index.name, _id: id, found: false };
    const kept = Object.entries(keptSource(index, document)).filter(
      ([field]) => fields === undefined || fields.includes(field),
    );
    return {
      _index: index.name,
      _id: id,
      _version: document.version,
      found: true,
      _source: Object.fromEntries(kept),
    };
  });
  return { status: 200, body: { docs } };
}
