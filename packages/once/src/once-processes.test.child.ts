/**
 * A process that wants the result of every key, and runs the effects that nobody has run. It says when an effect starts,
 * so that its parent can kill or stop it there, and what came of each key.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isLongshoreError } from '@longshore/job';
import { openSharedStore, type SharedStore } from './fixtures/shared-store.ts';
import { onceKeyHash } from './key.ts';
import { createOnce, type OnceClaim } from './once.ts';

interface Task {
  readonly shared: SharedStore;
  readonly ledger: string;
  readonly keys: readonly string[];
  readonly leaseMs: number;
  readonly effectMs: number;
}

const { shared, ledger, keys, leaseMs, effectMs } = JSON.parse(process.argv[2] ?? '') as Task;
process.once('disconnect', () => process.exit());
const { store, close } = await openSharedStore(shared);
const once = createOnce({ store, leaseMs });

async function tell(message: object): Promise<void> {
  await new Promise((resolve) => {
    process.send?.(message, resolve);
  });
}

/** An effect under its fence: the line of a fence is written once, or the effect fails. */
async function effect(key: string, { fence }: OnceClaim): Promise<{ fence: number; pid: number }> {
  await writeFile(join(ledger, `${onceKeyHash(key)}-${fence}`), String(process.pid), { flag: 'wx' });
  await tell({ kind: 'started', key, fence });
  await pause(effectMs);
  return { fence, pid: process.pid };
}

/** The result of a key, if it can be had now. */
async function attempt(key: string): Promise<{ fence: number; pid: number } | undefined> {
  try {
    return await once.once(key, (claim) => effect(key, claim));
  } catch (error) {
    if (!isLongshoreError(error, 'once_busy', 'once_lost')) throw error;
    if (error.code === 'once_lost') await tell({ kind: 'lost', key, fence: error.details['fence'] });
    return undefined;
  }
}

const wanted = new Set(
  keys
    .map((key) => ({ key, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ key }) => key),
);
while (wanted.size > 0) {
  for (const key of wanted) {
    const result = await attempt(key);
    if (result === undefined) continue;
    wanted.delete(key);
    await tell({ kind: 'result', key, result });
  }
  await pause(20);
}
await close();
process.disconnect();
