/** Byte ranges of reads. */
import { LongshoreError } from '@longshore/job';
import type { ReadOptions } from './object-store.ts';

type Range = NonNullable<ReadOptions['range']>;

/** @throws LongshoreError `invalid_options` unless both bytes are whole numbers from 0 and in order. */
export function assertRange(range: ReadOptions['range']): void {
  if (range === undefined) return;
  const { start, end = start } = range;
  if (Number.isSafeInteger(start) && start >= 0 && Number.isSafeInteger(end) && end >= start) return;
  const message = `Cannot read range ${JSON.stringify(range)}: expected whole numbers with 0 <= start <= end`;
  throw new LongshoreError('invalid_options', message);
}

/** Where a range lies in an object of `bytes` bytes: `from` inclusive, `to` exclusive. Past the end there is nothing. */
export function rangeWithin(
  range: Range | undefined,
  bytes: number,
): { readonly from: number; readonly to: number } {
  if (range === undefined) return { from: 0, to: bytes };
  const from = Math.min(range.start, bytes);
  return { from, to: range.end === undefined ? bytes : Math.min(range.end + 1, bytes) };
}
