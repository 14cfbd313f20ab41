/**
 * Reads an arrival trace from CSV. Strict, because a row that is skipped in silence changes every figure that is later
 * drawn from the trace: each fault names its line and what to do.
 */
import { LongshoreError } from '@longshore/job';
import type { Trace } from './trace.ts';

/** Longest trace: 115 days of one-second buckets. More is a typing error in a timestamp, or a case for wider buckets. */
const MAX_BUCKETS = 10_000_000;
/** Later than the year 5000 in seconds: such a number is in milliseconds. */
const MAX_EPOCH_SECONDS = 1e11;
const HEADER = 'timestamp,count';
const PLAIN_NUMBER = /^\d+(?:\.\d+)?$/;
const ISO_8601 =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?)?$/;

interface Row {
  readonly line: number;
  readonly atMs: number;
  readonly count: number;
}

/**
 * A trace from CSV text with the header `timestamp,count`.
 *
 * Timestamps are ISO 8601 (UTC when they carry no zone) or seconds since 1970, strictly ascending; counts are numbers
 * from 0. The most frequent step between rows is the bucket (the shorter one where two are equally frequent), every row
 * stands for the bucket that starts at its timestamp, and buckets without a row are empty.
 *
 * @param name Name of the trace; also stands in the errors.
 * @throws LongshoreError `invalid_options` with the line number: no header, fewer than two rows, a bad timestamp, a bad or
 * negative count, timestamps that repeat, descend or lie between two buckets.
 */
export function parseTrace(text: string, name: string): Trace {
  const rows = parseRows(text, name);
  const [first] = rows;
  if (first === undefined || rows.length < 2) {
    throw fault(
      name,
      undefined,
      `it has ${rows.length} rows: at least 2 are needed to know the length of a bucket`,
    );
  }
  const bucketMs = mostFrequentStep(rows);
  if (bucketMs % 1000 !== 0) {
    throw fault(name, undefined, `its rows are ${bucketMs} ms apart: buckets must be whole seconds`);
  }
  const span = ((rows.at(-1) ?? first).atMs - first.atMs) / bucketMs + 1;
  if (span > MAX_BUCKETS) {
    const seconds = bucketMs / 1000;
    throw fault(
      name,
      undefined,
      `it spans ${Math.ceil(span)} buckets of ${seconds} s: at most ${MAX_BUCKETS} fit`,
    );
  }
  const counts = new Float64Array(Math.floor(span));
  for (const { line, atMs, count } of rows) {
    const bucket = (atMs - first.atMs) / bucketMs;
    if (!Number.isInteger(bucket)) {
      const seconds = bucketMs / 1000;
      throw fault(
        name,
        line,
        `the timestamp lies between two buckets of ${seconds} s: bring the rows onto one step`,
      );
    }
    counts[bucket] = count;
  }
  return { name, bucketSeconds: bucketMs / 1000, counts, startMs: first.atMs };
}

function parseRows(text: string, name: string): Row[] {
  const lines = text
    .replace(/^\uFEFF/, '')
    .trimEnd()
    .split(/\r?\n/);
  if (lines[0]?.trim() !== HEADER) {
    throw fault(name, 1, `the header is ${quoted(lines[0] ?? '')}: it must be "${HEADER}"`);
  }
  const rows: Row[] = [];
  let previousMs = -Infinity;
  for (const [at, content] of lines.entries()) {
    if (at === 0) continue;
    const row = parseRow(content, at + 1, name);
    if (row.atMs === previousMs)
      throw fault(name, row.line, 'the timestamp is that of the row before: add their counts up');
    if (row.atMs < previousMs)
      throw fault(name, row.line, 'the timestamp is before that of the row before: sort the rows');
    previousMs = row.atMs;
    rows.push(row);
  }
  return rows;
}

function parseRow(content: string, line: number, name: string): Row {
  const fields = content.split(',');
  const [timestamp, count] = fields;
  if (timestamp === undefined || count === undefined || fields.length !== 2) {
    throw fault(name, line, `${quoted(content)} has ${fields.length} columns: there must be 2, "${HEADER}"`);
  }
  const atMs = timestampMs(timestamp.trim());
  if (atMs === undefined) {
    throw fault(name, line, `${quoted(timestamp)} is no timestamp: write ISO 8601 or seconds since 1970`);
  }
  const digits = count.trim();
  if (PLAIN_NUMBER.test(digits)) return { line, atMs, count: Number(digits) };
  if (digits.startsWith('-'))
    throw fault(name, line, `the count ${quoted(digits)} is negative: counts start at 0`);
  throw fault(
    name,
    line,
    `the count ${quoted(digits)} is no number: write digits, with a point for fractions`,
  );
}

/** Unix milliseconds of a timestamp, or undefined when it is none. */
function timestampMs(text: string): number | undefined {
  if (PLAIN_NUMBER.test(text)) {
    const seconds = Number(text);
    return seconds > MAX_EPOCH_SECONDS ? undefined : Math.round(seconds * 1000);
  }
  const [matched, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] =
    ISO_8601.exec(text) ?? [];
  if (matched === undefined) return undefined;
  const [h, m, s] = [Number(hour), Number(minute), Number(second)];
  if (h > 23 || m > 59 || s > 59) return undefined;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  // 30 February would roll over into March.
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
  const ms = Math.round(Number(`0.${fraction || '0'}`) * 1000);
  return date.getTime() + ((h * 60 + m - zoneMinutes(zone)) * 60 + s) * 1000 + ms;
}

function zoneMinutes(zone: string): number {
  if (zone === 'Z') return 0;
  const digits = zone.slice(1).replace(':', '');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return zone.startsWith('-') ? -minutes : minutes;
}

function mostFrequentStep(rows: readonly Row[]): number {
  const frequency = new Map<number, number>();
  for (const [at, { atMs }] of rows.entries()) {
    const before = rows[at - 1];
    if (before !== undefined) frequency.set(atMs - before.atMs, (frequency.get(atMs - before.atMs) ?? 0) + 1);
  }
  let best = Infinity;
  let most = 0;
  for (const [step, times] of frequency) {
    if (times < most || (times === most && step > best)) continue;
    most = times;
    best = step;
  }
  return best;
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

function fault(name: string, line: number | undefined, what: string): LongshoreError {
  const where = line === undefined ? '' : `, line ${line}`;
  return new LongshoreError('invalid_options', `Cannot read trace "${name}"${where}: ${what}`, {
    details: line === undefined ? { trace: name } : { trace: name, line },
  });
}
