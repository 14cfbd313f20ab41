/**
 * Builds the index anew beside the one that is read, and puts it in its place in one step: searches find all that they
 * found before until they find what is new. Writers write to both meanwhile, and revisions settle who is right.
 */
import { LongshoreError } from '@longshore/job';
import { rebuildBatches } from '../rebuild-batches.ts';
import type { RebuildOutcome, SearchDocument } from '../search-index.ts';
import { inTransaction, unavailable, type PostgresConnection } from './connection.ts';
import {
  abandonGeneration,
  activateGeneration,
  beginGeneration,
  dropGeneration,
  tryRebuildLock,
} from './schema.ts';
import { writeToBuilding, type WriteSettings } from './write-operations.ts';

/**
 * Rebuilds from all documents that there should be. What was deleted stays deleted: tombstones are taken over.
 *
 * @throws LongshoreError `index_unavailable` when another rebuild runs or the server fails; the old index stays as it is
 */
export async function rebuild(
  settings: WriteSettings,
  documents: AsyncIterable<SearchDocument>,
): Promise<RebuildOutcome> {
  let holder: PostgresConnection;
  try {
    holder = await settings.pool.connect();
  } catch (cause) {
    throw unavailable(cause);
  }
  const hear = (): void => undefined;
  holder.on('error', hear);
  try {
    await takeTurn(holder, settings.name);
    return await build(settings, documents);
  } finally {
    holder.off('error', hear);
    // With the connection ends the lock.
    holder.release(true);
  }
}

async function takeTurn(holder: PostgresConnection, name: string): Promise<void> {
  const isMine = await tryRebuildLock(holder, name).catch((cause: unknown) => {
    throw unavailable(cause);
  });
  if (isMine) return;
  throw new LongshoreError(
    'index_unavailable',
    `Cannot rebuild the search index "${name}": another rebuild runs; wait for it`,
    { retryable: true },
  );
}

async function build(
  settings: WriteSettings,
  documents: AsyncIterable<SearchDocument>,
): Promise<RebuildOutcome> {
  const { pool, name, writing } = settings;
  const generation = await inTransaction(pool, writing, async (run) => await beginGeneration(run, name));
  try {
    const outcome = await fill(settings, generation, documents);
    const replaced = await inTransaction(
      pool,
      writing,
      async (run) => await activateGeneration(run, name, generation),
    );
    // Apart from the change: a long search of the old generation would hold up all others.
    await inTransaction(pool, writing, async (run) => await dropGeneration(run, name, replaced));
    return outcome;
  } catch (error) {
    await inTransaction(pool, writing, async (run) => await abandonGeneration(run, name, generation)).catch(
      // The next rebuild removes it; the failure that led here is the one to tell.
      () => undefined,
    );
    throw error;
  }
}

async function fill(
  settings: WriteSettings,
  generation: number,
  documents: AsyncIterable<SearchDocument>,
): Promise<RebuildOutcome> {
  const failed: { id: string; reason: string }[] = [];
  let written = 0;
  for await (const batch of rebuildBatches(documents)) {
    const results = await writeToBuilding(
      settings,
      generation,
      batch.map((document) => ({ kind: 'put', document })),
    );
    for (const [index, result] of results.entries()) {
      if (result.outcome === 'failed') failed.push({ id: batch[index]?.id ?? '', reason: result.reason });
      else written += 1;
    }
  }
  return { written, failed };
}
