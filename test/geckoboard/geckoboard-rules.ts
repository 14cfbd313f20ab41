/**
 * What Geckoboard documents about datasets, as rules that refuse. Each names its page; what no page says is not here, and
 * where a page is silent on the status, it is 400. Read in November 2026; the live API may differ.
 *
 * | page | address |
 * | --- | --- |
 * | limits | https://developer.geckoboard.com (10 fields; Datasets API reference) |
 * | properties | https://developer.geckoboard.com/hc/en-us/articles/360011565838-API-Properties |
 * | create | https://developer.geckoboard.com/hc/en-us/articles/360011590458-API-Operations |
 * | append | https://developer.geckoboard.com/hc/en-us/articles/360019753091-Append-data-to-a-dataset |
 * | older | http://developer-beta.geckoboard.com/api-reference/nodejs (strings of 100 characters, percentages above 1) |
 * | client | https://www.npmjs.com/package/geckoboard 2.0.3, its types |
 * | sql-dataset | https://github.com/geckoboard/sql-dataset/pull/20 (500 records a request) |
 * | ruby | https://github.com/geckoboard/geckoboard-ruby (401, 409; "verify an existing dataset") |
 */
import { z } from 'zod';

const base = { name: z.string().min(1), optional: z.boolean().optional() };
const plain = (type: 'string' | 'number' | 'date' | 'datetime' | 'percentage') =>
  z.strictObject({ ...base, type: z.literal(type) });
/** properties: seven types; money needs its currency, a duration its unit. */
const fieldSchema = z.discriminatedUnion('type', [
  plain('string'),
  plain('number'),
  plain('date'),
  plain('datetime'),
  plain('percentage'),
  z.strictObject({ ...base, type: z.literal('money'), currency_code: z.string().regex(/^[A-Z]{3}$/) }),
  z.strictObject({
    ...base,
    type: z.literal('duration'),
    time_unit: z.enum(['milliseconds', 'seconds', 'minutes', 'hours']),
  }),
]);
const definitionSchema = z.strictObject({
  fields: z.record(z.string(), fieldSchema),
  unique_by: z.array(z.string()).optional(),
});
/** append: `delete_by` names a date or datetime field; of a replacement nothing of the kind is said. */
const dataSchema = z.strictObject({
  data: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()]))),
  delete_by: z.string().optional(),
});

/** A dataset as the API was told of it. */
export type Definition = z.infer<typeof definitionSchema>;
/** A row as it came. */
export type Entry = z.infer<typeof dataSchema>['data'][number];
/** Rows that came, and what orders them. */
export type Data = z.infer<typeof dataSchema>;

/** limits: requests of a key in 60 seconds (support article 360015124952). */
export const REQUESTS_PER_MINUTE = 60;
/** append: "Should the number of records in your dataset exceed the 5000 records limit". */
export const RECORDS = 5_000;
const FIELDS = 10;
/** sql-dataset: it sends 500 at a time, and no more than 500 of a replacement. */
const RECORDS_PER_REQUEST = 500;
/** older: strings "must not contain more than 100 characters". */
const STRING_CHARACTERS = 100;

/** The definition, or why it is refused. */
export function readDefinition(body: unknown): Definition | string {
  const parsed = definitionSchema.safeParse(body);
  if (!parsed.success) return z.prettifyError(parsed.error);
  const { fields, unique_by: uniqueBy = [] } = parsed.data;
  const count = Object.keys(fields).length;
  if (count === 0 || count > FIELDS) return `A dataset has 1 to ${FIELDS} fields, not ${count}`;
  for (const id of uniqueBy) {
    const type = Object.hasOwn(fields, id) ? fields[id]?.type : undefined;
    if (type === undefined) return `unique_by: no field "${id}"`;
    // client: `uniqueBy` takes string, date and datetime fields.
    if (!['string', 'date', 'datetime'].includes(type)) return `unique_by: "${id}" is a ${type}`;
  }
  return parsed.data;
}

/** The rows, or why they are refused. */
export function readData(body: unknown, { fields }: Definition, isReplacement: boolean): Data | string {
  const parsed = dataSchema.safeParse(body);
  if (!parsed.success) return z.prettifyError(parsed.error);
  const { data, delete_by: deleteBy } = parsed.data;
  if (data.length > RECORDS_PER_REQUEST) return `At most ${RECORDS_PER_REQUEST} records in a request`;
  if (deleteBy !== undefined && isReplacement) return 'delete_by belongs to an append';
  if (deleteBy !== undefined && !/^date(?:time)?$/.test(fields[deleteBy]?.type ?? ''))
    return `delete_by: "${deleteBy}" is no date or datetime`;
  for (const record of data) {
    const wrong = recordFault(fields, record);
    if (wrong !== undefined) return wrong;
  }
  return parsed.data;
}

function recordFault(fields: Definition['fields'], record: Entry): string | undefined {
  for (const id of Object.keys(record)) if (!Object.hasOwn(fields, id)) return `Unknown field "${id}"`;
  for (const [id, { type, optional = false }] of Object.entries(fields)) {
    const value = record[id] ?? null;
    // properties: a field "can be NULL if set as optional".
    const wrong = value === null ? (optional ? undefined : 'is null') : valueFault(type, value);
    if (wrong !== undefined) return `Field "${id}" ${wrong}`;
  }
  return undefined;
}

function valueFault(type: string, value: string | number): string | undefined {
  const isText = ['string', 'date', 'datetime'].includes(type);
  if (!isText) return typeof value === 'number' ? undefined : `is no ${type}`;
  if (typeof value !== 'string') return `is no ${type}`;
  if (type === 'string')
    return value.length > STRING_CHARACTERS ? `has more than ${STRING_CHARACTERS} characters` : undefined;
  // properties: dates are YYYY-MM-DD, datetimes ISO 8601.
  const format = type === 'date' ? z.iso.date() : z.iso.datetime({ offset: true });
  return format.safeParse(value).success ? undefined : `is no ${type}: "${value}"`;
}
