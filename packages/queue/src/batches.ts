/** Splits entries into batches under a count and a size limit, in order. */

/** Limits of one batch. */
export interface BatchLimits<Entry> {
  readonly maxEntries: number;
  readonly maxBytes?: number;
  readonly bytesOf?: (entry: Entry) => number;
}

/** Batches in order; an entry over the size limit is a batch of its own. */
export function batches<Entry>(entries: readonly Entry[], limits: BatchLimits<Entry>): Entry[][] {
  const { maxEntries, maxBytes = Number.POSITIVE_INFINITY, bytesOf = () => 0 } = limits;
  const all: Entry[][] = [];
  let current: Entry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = bytesOf(entry);
    if (current.length > 0 && (current.length >= maxEntries || bytes + size > maxBytes)) {
      all.push(current);
      current = [];
      bytes = 0;
    }
    current.push(entry);
    bytes += size;
  }
  if (current.length > 0) all.push(current);
  return all;
}
