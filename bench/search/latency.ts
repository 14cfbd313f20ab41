/** How long searches take beside a writer, and whether memory grows with what is written. */
import { join } from 'node:path';
import type { SearchDocument, SearchIndex } from '@longshore/search';
import { sqliteSearchIndex } from '@longshore/search/sqlite';
import { batchesOf } from './engines.ts';

/** Milliseconds, and resident memory. */
export interface LatencyFigures {
  readonly idleP99Ms: number;
  readonly busyP99Ms: number;
  /** Resident memory at the end of the writing, relative to its middle. */
  readonly memoryGrowth: number;
}

/** Fills half of an index, searches, then searches while the other half and new revisions of the first are written. */
export async function measureLatency(
  folder: string,
  documents: readonly SearchDocument[],
  queries: readonly string[],
): Promise<LatencyFigures> {
  await using index = await sqliteSearchIndex({ path: join(folder, 'latency.db') });
  const half = documents.length >> 1;
  for (const batch of batchesOf(documents.slice(0, half))) await write(index, batch);
  await searchAll(index, queries.slice(0, 50));
  const idle = await searchAll(index, queries);
  const memory: number[] = [];
  let isWriting = true;
  const writing = (async () => {
    const again = documents.slice(0, half).map((document) => ({ ...document, revision: 2 }));
    for (const batch of batchesOf([...documents.slice(half), ...again])) {
      await write(index, batch);
      memory.push(process.memoryUsage.rss());
    }
  })().finally(() => {
    isWriting = false;
  });
  const busy: number[] = [];
  for (let at = 0; isWriting; at += 1)
    busy.push(...(await searchAll(index, [queries[at % queries.length] ?? 'port'])));
  await writing;
  const middle = memory.slice(Math.floor(memory.length / 3), Math.floor((2 * memory.length) / 3));
  const last = memory.slice(Math.floor((2 * memory.length) / 3));
  return { idleP99Ms: p99(idle), busyP99Ms: p99(busy), memoryGrowth: mean(last) / mean(middle) };
}

async function write(index: SearchIndex, batch: readonly SearchDocument[]): Promise<void> {
  await index.bulk(batch.map((document) => ({ kind: 'put', document })));
}

async function searchAll(index: SearchIndex, queries: readonly string[]): Promise<number[]> {
  const times: number[] = [];
  for (const text of queries) {
    const startMs = performance.now();
    await index.search({ text, limit: 10 });
    times.push(performance.now() - startMs);
  }
  return times;
}

function p99(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length * 0.99)] ?? Number.NaN;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
