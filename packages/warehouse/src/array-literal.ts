/** Arrays as PostgreSQL reads them: one parameter for a column of any length. */
import type { ColumnValue } from './document-event.ts';

/** The literal of a one-dimensional array. https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO */
export function arrayLiteral(values: readonly ColumnValue[]): string {
  let literal = '{';
  for (const [index, value] of values.entries()) {
    if (index > 0) literal += ',';
    literal += value === null ? 'NULL' : typeof value === 'number' ? String(value) : quoted(value);
  }
  return `${literal}}`;
}

function quoted(text: string): string {
  // Most texts are ids, times and words of a fixed set.
  return /["\\]/.test(text) ? `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"` : `"${text}"`;
}
