/** Kills writers in the middle of their batches, and looks for what they had acknowledged. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { sqliteSearchIndex } from '@longshore/search/sqlite';

/** What the rounds came to. */
export interface KillFigures {
  readonly kills: number;
  readonly acknowledged: number;
  readonly lost: number;
  /** Faults between texts and index terms. */
  readonly mismatches: number;
}

/** Longest time between the first acknowledgement and the kill. */
const MAX_LIFE_MS = 120;

/** Runs the rounds on one file. */
export async function killWriters(folder: string, rounds: number): Promise<KillFigures> {
  const path = join(folder, 'kills.db');
  let [acknowledged, lost, mismatches] = [0, 0, 0];
  for (let round = 0; round < rounds; round += 1) {
    const ids: string[] = [];
    const child = fork(fileURLToPath(new URL('./writer-entry.ts', import.meta.url)), [
      path,
      `round-${round}`,
    ]);
    child.on('message', (batch: string[]) => ids.push(...batch));
    await once(child, 'message');
    await delay((MAX_LIFE_MS * round) / rounds);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await using index = await sqliteSearchIndex({ path });
    const held = await index.revisions(ids);
    const { total } = await index.search({ text: `"round ${round}"`, limit: 1 });
    acknowledged += ids.length;
    lost += ids.filter((id) => !held.has(id)).length + Math.max(0, ids.length - total);
    mismatches += (await index.check()).length;
  }
  return { kills: rounds, acknowledged, lost, mismatches };
}
