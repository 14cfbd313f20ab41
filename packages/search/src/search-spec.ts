/** A search as it was asked for, checked and with its defaults: what drivers work with. */
import { LongshoreError } from '@longshore/job';
import { parseQuery, type QueryPart } from './query.ts';
import type { SearchQuery } from './search-index.ts';

/** A checked search. */
export interface SearchSpec extends Omit<SearchQuery, 'text' | 'limit'> {
  readonly parts: readonly QueryPart[];
  /** From 1 to 100. */
  readonly limit: number;
}

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 100;

/** Checks a search. @throws LongshoreError `invalid_query` for a text without words or a date that is none */
export function searchSpec({ text, limit = DEFAULT_LIMIT, ...filters }: SearchQuery): SearchSpec {
  for (const [name, date] of Object.entries({ from: filters.from, to: filters.to })) {
    if (date !== undefined && !isDate(date))
      throw new LongshoreError(
        'invalid_query',
        `Cannot search with ${name} "${date}": expected a date as YYYY-MM-DD`,
      );
  }
  if (!Number.isInteger(limit))
    throw new LongshoreError('invalid_query', `Cannot search with limit ${limit}: expected a whole number`);
  return { ...filters, parts: parseQuery(text), limit: Math.min(MAX_LIMIT, Math.max(1, limit)) };
}

/** Whether a text is a date of the calendar, `YYYY-MM-DD`. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const moment = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(text);
}
