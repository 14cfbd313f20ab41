/**
 * Builds the index anew beside the one that is read, and puts it in its place by one change of aliases: searches find all
 * that they found before until they find what is new. Writers write to both meanwhile, and versions settle who is right.
 */
import { LongshoreError } from '@longshore/job';
import { decideWrites } from '../decide-writes.ts';
import { rebuildBatches } from '../rebuild-batches.ts';
import type { RebuildOutcome, SearchDocument } from '../search-index.ts';
import { bulkItem, sendBulk, type BulkItem, type BulkSettings } from './bulk-writer.ts';
import { call, errorReason, isObject, unavailable } from './calls.ts';
import { buildingAlias, createIndex, generationsOf, nextIndexName, type IndexSize } from './generations.ts';
import { indexDefinition } from './index-definition.ts';

/** Where and how an index is rebuilt. */
export type RebuildSettings = BulkSettings & IndexSize & { readonly name: string };

const TOMBSTONES_AT_A_TIME = 1_000;

/**
 * Rebuilds from all documents that there should be. What was deleted stays deleted: tombstones are taken over.
 *
 * @throws LongshoreError `index_unavailable` when another rebuild runs or the cluster fails; the old index stays as it is
 */
export async function rebuild(
  settings: RebuildSettings,
  documents: AsyncIterable<SearchDocument>,
): Promise<RebuildOutcome> {
  // Nobody searches what is being built.
  const quiet = { ...settings, refresh: 'false' as const };
  const { active, building } = await generationsOf(settings, settings.name);
  if (building !== undefined) throw busy(settings.name, building.index);
  const built = await begin(settings, active.index);
  try {
    await takeTombstones(quiet, active.index);
    const outcome = await fill(quiet, documents);
    await call(settings, { method: 'POST', path: `/${built}/_refresh`, body: {} });
    await change(settings, active.index, built);
    return outcome;
  } catch (error) {
    await call(settings, { method: 'DELETE', path: `/${built}` }, [404]).catch(
      // The next rebuild names it; the failure that led here is the one to tell.
      () => undefined,
    );
    throw error;
  }
}

/**
 * An index with the alias that makes every writer write to it as well. Only one process can make the index of that name, so
 * there are never two behind the alias.
 */
async function begin(settings: RebuildSettings, active: string): Promise<string> {
  const built = nextIndexName(settings.name, active);
  const definition = indexDefinition({ ...settings, alias: buildingAlias(settings.name) });
  if (await createIndex(settings, built, definition)) return built;
  throw busy(settings.name, built);
}

function busy(name: string, built: string): LongshoreError {
  return new LongshoreError(
    'index_unavailable',
    `Cannot rebuild the search index "${name}": "${built}" is being built; wait for it, or delete it (DELETE /${built}) if its rebuild has died`,
  );
}

/** What is deleted from now on goes to both indexes; this is what was deleted before. */
async function takeTombstones(settings: RebuildSettings, active: string): Promise<void> {
  await call(settings, { method: 'POST', path: `/${active}/_refresh`, body: {} });
  let after: unknown;
  for (;;) {
    const { body } = await call(settings, {
      method: 'POST',
      path: `/${active}/_search`,
      body: {
        size: TOMBSTONES_AT_A_TIME,
        query: { bool: { filter: [{ term: { isDeleted: true } }] } },
        sort: [{ id: 'asc' }],
        _source: ['id', 'revision'],
        ...(after === undefined ? {} : { search_after: after }),
      },
    });
    const found = isObject(body['hits']) && Array.isArray(body['hits']['hits']) ? body['hits']['hits'] : [];
    const hits = (found as unknown[]).filter(isObject);
    if (hits.length === 0) return;
    const items = hits.map((hit) => {
      const { id, revision } = hit['_source'] as { id: string; revision: number };
      return bulkItem({ id, at: 0, operation: { kind: 'delete', id, revision } });
    });
    await sendToBuilding(settings, items);
    after = hits.at(-1)?.['sort'];
  }
}

async function fill(
  settings: RebuildSettings,
  documents: AsyncIterable<SearchDocument>,
): Promise<RebuildOutcome> {
  const failed: { id: string; reason: string }[] = [];
  let written = 0;
  for await (const batch of rebuildBatches(documents)) {
    const plan = decideWrites(
      batch.map((document) => ({ kind: 'put', document })),
      new Map(),
    );
    const answers = [...plan.results];
    const items = await sendToBuilding(settings, plan.writes.map(bulkItem));
    for (const [index, { outcome, reason = '' }] of items.entries())
      if (outcome === 'failed') answers[plan.writes[index]?.at ?? 0] = { outcome, reason };
    for (const [index, answer] of answers.entries()) {
      if (answer.outcome === 'failed') failed.push({ id: batch[index]?.id ?? '', reason: answer.reason });
      else written += 1;
    }
  }
  return { written, failed };
}

async function sendToBuilding(
  settings: RebuildSettings,
  items: readonly BulkItem[],
): ReturnType<typeof sendBulk> {
  const results = await sendBulk(settings, buildingAlias(settings.name), items);
  if (results.some(({ outcome }) => outcome === 'no_index'))
    throw unavailable(`the index that was being built for "${settings.name}" is gone: start again`);
  return results;
}

/** All in one step, so that no search finds two indexes or none. */
async function change(settings: RebuildSettings, active: string, built: string): Promise<void> {
  const { status, body } = await call(
    settings,
    {
      method: 'POST',
      path: '/_aliases',
      body: {
        actions: [
          { remove: { index: built, alias: buildingAlias(settings.name) } },
          { add: { index: built, alias: settings.name } },
          { remove_index: { index: active } },
        ],
      },
    },
    [404],
  );
  if (status !== 404) return;
  // A try whose answer was lost may have done it.
  const now = await generationsOf(settings, settings.name);
  if (now.active.index !== built)
    throw unavailable(`it does not change the aliases of "${settings.name}": ${errorReason(body['error'])}`);
}
