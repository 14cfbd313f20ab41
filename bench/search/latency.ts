/** Searches on an index that rests and on one that is written, and the memory of the process meanwhile. */
import { join } from 'node:path';
import type { SearchDocument, SearchIndex } from '@longshore/search';
import { sqliteSearchIndex } from '@longshore/search/sqlite';
import { batchesOf, seeded } from './corpus.ts';

/** Milliseconds, and megabytes of resident memory. */
export interface Latency {
  readonly queryP99IdleMs: number;
  readonly queryP99IndexingMs: number;
  /** Mean of the last third of the batches less that of the second. */
  readonly memoryGrowthMB: number;
}

const QUERIES = 300;
const BATCH = 100;

/** Half of the documents are there at first; the others are written over and over while searches run. */
export async function measureLatency(
  folder: string,
  documents: readonly SearchDocument[],
  batches: number,
): Promise<Latency> {
  await using index = await sqliteSearchIndex({ path: join(folder, 'latency.db') });
  for (const batch of batchesOf(documents, BATCH)) await index.bulk(batch);
  await queries(index, documents, 50);
  const idle = await queries(index, documents, QUERIES);
  const memory: number[] = [];
  let isWriting = true;
  const writing = (async () => {
    for (let round = 0; round < batches; round += 1) {
      const from = (round * BATCH) % documents.length;
      const changed = documents.slice(from, from + BATCH).map((each) => ({ ...each, revision: round + 2 }));
      await index.bulk(changed.map((document) => ({ kind: 'put', document })));
      memory.push(process.memoryUsage.rss() / 1e6);
    }
    isWriting = false;
  })();
  const busy: number[] = [];
  while (isWriting) busy.push(...(await queries(index, documents, 10)));
  await writing;
  const third = Math.floor(memory.length / 3);
  return {
    queryP99IdleMs: percentile(idle, 0.99),
    queryP99IndexingMs: percentile(busy, 0.99),
    memoryGrowthMB: mean(memory.slice(2 * third)) - mean(memory.slice(third, 2 * third)),
  };
}

async function queries(
  index: SearchIndex,
  documents: readonly SearchDocument[],
  count: number,
): Promise<number[]> {
  const random = seeded(count);
  const times: number[] = [];
  for (let at = 0; at < count; at += 1) {
    const text = documents[Math.floor(random() * documents.length)]?.pages[0]?.text ?? '';
    const words = text.match(/\p{L}{5,}/gu) ?? ['document'];
    const [first = 'document', second = ''] = words.slice(Math.floor(random() * words.length));
    const startMs = performance.now();
    await index.search({ text: at % 3 === 0 ? `${first} ${second}` : first });
    times.push(performance.now() - startMs);
  }
  return times;
}

function percentile(values: readonly number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
