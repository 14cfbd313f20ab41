/**
 * The part of the query language that the driver uses, with BM25 as Lucene computes it. Anything else is refused as
 * OpenSearch refuses what it does not know. https://docs.opensearch.org/latest/query-dsl/
 */
import { fieldsOf, Refusal, type Fields } from './answer.ts';
import type { StoredDocument, StoredIndex } from './cluster.ts';
import { tokensOf } from './mapping.ts';

/** Scores a document; `undefined` where it does not match. */
type Matcher = (document: StoredDocument) => number | undefined;

const K1 = 1.2;
const B = 0.75;

/** Compiles a query for an index as a search sees it now. */
export function compile(index: StoredIndex, query: unknown): Matcher {
  const entries = Object.entries(fieldsOf(query));
  const [[kind, value] = ['', {}]] = entries;
  if (entries.length !== 1)
    throw new Refusal(400, 'parsing_exception', '[query] malformed query, expected one field');
  const body = fieldsOf(value);
  switch (kind) {
    case 'bool':
      return compileBool(index, body);
    case 'match_none':
      return () => undefined;
    case 'match_all':
      return () => 1;
    case 'range':
      return compileRange(index, body);
    case 'term':
    case 'prefix':
    case 'match_phrase':
      return compileLeaf(index, kind, body);
    default:
      throw new Refusal(400, 'parsing_exception', `unknown query [${kind}]`);
  }
}

/** https://docs.opensearch.org/latest/query-dsl/compound/bool/ */
function compileBool(index: StoredIndex, body: Fields): Matcher {
  const known = ['must', 'must_not', 'should', 'filter', 'minimum_should_match', 'boost'];
  const unknown = Object.keys(body).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw new Refusal(400, 'x_content_parse_exception', `[bool] unknown field [${unknown}]`);
  const clauses = (key: string): Matcher[] => {
    const value = body[key] ?? [];
    return (Array.isArray(value) ? value : [value]).map((each) => compile(index, each));
  };
  const [must, mustNot, should, filter] = [
    clauses('must'),
    clauses('must_not'),
    clauses('should'),
    clauses('filter'),
  ];
  const isBare = must.length === 0 && filter.length === 0;
  const minimum = Number(body['minimum_should_match'] ?? (isBare && should.length > 0 ? 1 : 0));
  return (document) => {
    let score = 0;
    for (const each of must) {
      const part = each(document);
      if (part === undefined) return undefined;
      score += part;
    }
    if (filter.some((each) => each(document) === undefined)) return undefined;
    if (mustNot.some((each) => each(document) !== undefined)) return undefined;
    const parts = should.map((each) => each(document)).filter((part) => part !== undefined);
    if (parts.length < minimum) return undefined;
    return parts.reduce((sum, part) => sum + part, score);
  };
}

function compileRange(index: StoredIndex, body: Fields): Matcher {
  const [[field, bounds] = ['', {}]] = Object.entries(body);
  requireField(index, field);
  const { gte, lte, gt, lt } = fieldsOf(bounds) as Record<string, string | number | undefined>;
  return (document) => {
    const value = document.indexed[field] as string | number | undefined;
    if (value === undefined || value === null) return undefined;
    const isInside =
      (gte === undefined || value >= gte) &&
      (lte === undefined || value <= lte) &&
      (gt === undefined || value > gt) &&
      (lt === undefined || value < lt);
    return isInside ? 1 : undefined;
  };
}

/** `term` and `prefix` compare with the terms of the index, unanalysed; `match_phrase` analyses its text first. */
function compileLeaf(index: StoredIndex, kind: string, body: Fields): Matcher {
  const [[field, options] = ['', undefined]] = Object.entries(body);
  const type = requireField(index, field);
  const settings = typeof options === 'object' && options !== null ? fieldsOf(options) : { value: options };
  const boost = Number(settings['boost'] ?? 1);
  const wanted = settings[kind === 'match_phrase' ? 'query' : 'value'];
  if (wanted === undefined) throw new Refusal(400, 'parsing_exception', `[${kind}] no value to look for`);
  if (type !== 'text')
    return (document) => {
      const value = document.indexed[field];
      const isHit =
        kind === 'prefix' ? typeof value === 'string' && value.startsWith(textOf(wanted)) : value === wanted;
      return isHit ? boost : undefined;
    };
  const frequency = frequencyOf(kind, wanted);
  // A prefix scores the same for all: https://docs.opensearch.org/latest/query-dsl/term/prefix/ (`constant_score`).
  if (kind === 'prefix') return (document) => (frequency(tokens(document, field)) > 0 ? boost : undefined);
  return bm25(index, field, { frequency, boost });
}

function frequencyOf(kind: string, wanted: unknown): (found: readonly string[]) => number {
  const text = textOf(wanted);
  if (kind === 'prefix') return (found) => found.filter((token) => token.startsWith(text)).length;
  const phrase = kind === 'term' ? [text] : tokensOf(text);
  return (found) =>
    phrase.length === 0
      ? 0
      : found.filter((_token, at) => phrase.every((word, step) => found[at + step] === word)).length;
}

/** https://docs.opensearch.org/latest/im-plugin/similarity/ (BM25, `k1` 1.2, `b` 0.75). */
function bm25(
  index: StoredIndex,
  field: string,
  { frequency, boost }: { frequency: (found: readonly string[]) => number; boost: number },
): Matcher {
  const all = [...index.searchable.values()].map((document) => tokens(document, field));
  const filled = all.filter((found) => found.length > 0);
  const matching = filled.filter((found) => frequency(found) > 0).length;
  const average = filled.reduce((sum, found) => sum + found.length, 0) / Math.max(1, filled.length);
  const idf = Math.log(1 + (filled.length - matching + 0.5) / (matching + 0.5));
  return (document) => {
    const found = tokens(document, field);
    const count = frequency(found);
    if (count === 0) return undefined;
    return (boost * idf * count) / (count + K1 * (1 - B + (B * found.length) / average));
  };
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new Refusal(400, 'parsing_exception', 'expected a text to look for');
}

const cut = new WeakMap<StoredDocument, Map<string, string[]>>();

function tokens(document: StoredDocument, field: string): readonly string[] {
  const fields = cut.get(document) ?? new Map<string, string[]>();
  cut.set(document, fields);
  const known = fields.get(field) ?? tokensOf(document.indexed[field]);
  fields.set(field, known);
  return known;
}

/** A search on a field that is not there finds nothing in OpenSearch; here it is a fault of the driver, so it is told. */
function requireField({ mapping }: StoredIndex, field: string): string {
  const property = mapping.properties[field];
  if (property === undefined)
    throw new Refusal(501, 'stand_in', `there is no field [${field}] in the mapping`);
  if (property['index'] === false || property['enabled'] === false)
    throw new Refusal(
      400,
      'query_shard_exception',
      `failed to create query: Cannot search on field [${field}] since it is not indexed.`,
    );
  return String(property['type']);
}
