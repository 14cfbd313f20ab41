/** kill -9 in the middle of writing, again and again on one file: is anything lost that was acknowledged? */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { sqliteSearchIndex } from '@longshore/search/sqlite';
import { seeded } from './corpus.ts';

/** What the kills did. */
export interface Kills {
  readonly killRounds: number;
  /** Batches that were acknowledged, and those of them with a document missing. */
  readonly ackedBatches: number;
  readonly lostBatches: number;
  /** Faults between text and index. */
  readonly mismatches: number;
}

const ENTRY = fileURLToPath(new URL('writer-entry.ts', import.meta.url));
const MAX_DELAY_MS = 60;

/** Kills as many writers, each at a random moment after its first acknowledged batch. */
export async function measureKills(folder: string, rounds: number): Promise<Kills> {
  const random = seeded(9);
  const path = join(folder, 'killed.db');
  let [ackedBatches, lostBatches, mismatches] = [0, 0, 0];
  for (let round = 0; round < rounds; round += 1) {
    const acked: string[][] = [];
    const child = fork(ENTRY, [path, `r${round}`]);
    child.on('message', (ids: string[]) => acked.push(ids));
    const ended = once(child, 'exit');
    await Promise.race([once(child, 'message'), ended]);
    await wait(random() * MAX_DELAY_MS);
    child.kill('SIGKILL');
    await ended;
    if (acked.length === 0) throw new Error('The writer ended before its first batch');
    await using index = await sqliteSearchIndex({ path });
    const held = await index.revisions(acked.flat());
    ackedBatches += acked.length;
    lostBatches += acked.filter((ids) => ids.some((id) => !held.has(id))).length;
    mismatches += (await index.check()).length;
    const [count, { total }] = await Promise.all([
      index.count(),
      index.search({ text: 'élection', limit: 1 }),
    ]);
    if (count !== total) mismatches += 1;
  }
  return { killRounds: rounds, ackedBatches, lostBatches, mismatches };
}
