/**
 * Mappings, and what a document must be like to fit one. Only the types that the driver declares are known; another one is
 * refused, so that the driver cannot lean on what nobody checked.
 */
import { fieldsOf, Refusal, type Fields } from './answer.ts';

/** Longest term in UTF-8: https://docs.opensearch.org/latest/mappings/supported-field-types/keyword/ (Lucene's 32,766 bytes). */
const MAX_TERM_BYTES = 32_766;
const TYPES = ['keyword', 'long', 'boolean', 'date', 'text', 'object'];

/** A mapping that was checked. */
export interface Mapping {
  readonly meta: Fields;
  readonly properties: Readonly<Record<string, Fields>>;
  readonly excludes: readonly string[];
}

/** Reads the `mappings` of a request that creates an index. */
export function readMapping(definition: Fields): Mapping {
  const mappings = fieldsOf(definition['mappings']);
  // https://docs.opensearch.org/latest/mappings/#dynamic-mapping: `strict` throws on a field that is not declared.
  if (mappings['dynamic'] !== 'strict')
    throw new Refusal(501, 'stand_in', 'this stand-in knows strict mappings only');
  const properties = fieldsOf(mappings['properties']) as Record<string, Fields>;
  for (const [field, { type, analyzer }] of Object.entries(properties)) {
    if (!TYPES.includes(String(type)))
      throw new Refusal(
        400,
        'mapper_parsing_exception',
        `No handler for type [${String(type)}] declared on field [${field}]`,
      );
    if (type === 'text' && analyzer !== 'whitespace')
      throw new Refusal(501, 'stand_in', 'this stand-in knows the whitespace analyzer only');
  }
  const excludes = fieldsOf(mappings['_source'])['excludes'];
  return {
    meta: fieldsOf(mappings['_meta']),
    properties,
    excludes: Array.isArray(excludes) ? excludes.map(String) : [],
  };
}

/** Throws what OpenSearch would say of a document that does not fit. */
export function checkDocument({ properties }: Mapping, source: Fields): void {
  for (const [field, value] of Object.entries(source)) {
    const property = properties[field];
    if (property === undefined)
      throw new Refusal(
        400,
        'strict_dynamic_mapping_exception',
        `mapping set to strict, dynamic introduction of [${field}] within [_doc] is not allowed`,
      );
    checkValue(field, property, value);
  }
}

function checkValue(field: string, property: Fields, value: unknown): void {
  const fits = {
    keyword: typeof value === 'string',
    text: typeof value === 'string',
    long: typeof value === 'number' && Number.isInteger(value),
    boolean: typeof value === 'boolean',
    date: typeof value === 'string' && !Number.isNaN(Date.parse(value)),
    // `enabled: false` skips the parsing of what is inside.
    object: typeof value === 'object',
  }[String(property['type'])];
  if (fits !== true && value !== null)
    throw new Refusal(
      400,
      'mapper_parsing_exception',
      `failed to parse field [${field}] of type [${String(property['type'])}] in document`,
    );
  const isIndexed = property['index'] !== false || property['doc_values'] !== false;
  if (property['type'] === 'keyword' && isIndexed && Buffer.byteLength(String(value)) > MAX_TERM_BYTES)
    throw new Refusal(
      400,
      'illegal_argument_exception',
      `Document contains at least one immense term in field="${field}"`,
    );
}

/** The tokens of a text: https://docs.opensearch.org/latest/analyzers/tokenizers/whitespace/ cuts after 255 characters. */
export function tokensOf(text: unknown): string[] {
  return (typeof text === 'string' ? text : '')
    .split(/\s+/)
    .filter((token) => token !== '')
    .flatMap((token) => token.match(/.{1,255}/gsu) ?? []);
}
