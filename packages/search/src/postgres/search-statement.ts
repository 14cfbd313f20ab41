/**
 * A parsed query as one SQL statement: documents in which every wanted part occurs in some passage and no excluded part in
 * any, ranked by their best passage. Only ids of documents move between the sets, so a common word costs little.
 */
import type { QueryPart } from '../query.ts';
import { quoted } from './passages.ts';
import type { SearchSpec } from '../search-spec.ts';
import type { GenerationTables } from './schema.ts';

/** A statement with its values. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Weights of D, C, B and A: a word in the title says more than one in the text. */
const WEIGHTS = '{0.2, 0.2, 0.2, 1.0}';
/** Divides by 1 + the logarithm of the passage's length. */
const NORMALISATION = 1;

/** The statement that finds the best documents; each row has `total`, the number of all that match. */
export function searchStatement(tables: GenerationTables, spec: SearchSpec): Statement {
  const values: unknown[] = [];
  const value = (each: unknown): string => {
    values.push(each);
    return `$${values.length}`;
  };
  const containing = (part: QueryPart): string =>
    `SELECT document FROM ${tables.passages} WHERE terms @@ ${value(partToTsquery(part))}::tsquery`;
  const wanted = spec.parts.filter((part) => !part.isExcluded);
  const excluded = spec.parts.filter((part) => part.isExcluded);
  const found = [
    wanted.map((part) => `(${containing(part)})`).join(' INTERSECT '),
    ...excluded.map((part) => `(${containing(part)})`),
  ].join(' EXCEPT ');
  const filters = ['NOT d.is_deleted'];
  if (spec.language !== undefined) filters.push(`d.language = ${value(spec.language)}`);
  if (spec.collection !== undefined) filters.push(`d.collection = ${value(spec.collection)}`);
  if (spec.from !== undefined) filters.push(`d.dated >= ${value(spec.from)}`);
  if (spec.to !== undefined) filters.push(`d.dated <= ${value(spec.to)}`);
  const rank = value(
    wanted
      .map(partToTsquery)
      .filter((each) => each !== '')
      .join(' | '),
  );
  const text = `
    WITH found AS MATERIALIZED (${found}),
    matching AS (
      SELECT d.number, d.id, d.language, d.body FROM found JOIN ${tables.documents} d ON d.number = found.document
      WHERE ${filters.join(' AND ')}
    )
    SELECT best.*, (SELECT count(*) FROM matching) AS total FROM (
      SELECT id, language, body, number,
        (SELECT max(ts_rank('${WEIGHTS}', p.terms, ${rank}::tsquery, ${NORMALISATION}))
         FROM ${tables.passages} p WHERE p.document = matching.number) AS score
      FROM matching ORDER BY score DESC, number LIMIT ${value(spec.limit)}
    ) AS best ORDER BY score DESC, number`;
  return { text, values };
}

/** One condition as `tsquery`. Every term is quoted. Marks without a letter fold to nothing, and nothing matches them. */
export function partToTsquery({ kind, words }: QueryPart): string {
  if (kind === 'prefix')
    return sequence(
      words.map((terms) => terms[0] ?? ''),
      ':*',
    );
  // All words of a phrase in the same language.
  const variants = (words[0] ?? []).map((_term, language) =>
    sequence(words.map((terms) => terms[language] ?? '')),
  );
  return [...new Set(variants)].filter((variant) => variant !== '').join(' | ');
}

function sequence(terms: readonly string[], suffix = ''): string {
  if (terms.includes('')) return '';
  const text = terms.map((term) => quoted(term) + suffix).join(' <-> ');
  return terms.length === 1 ? text : `(${text})`;
}
