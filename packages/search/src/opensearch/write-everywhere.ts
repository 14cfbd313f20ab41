/**
 * Writes a batch to every index that must have it: the active one, and one that is being built. The aliases are looked at
 * before and after, until both looks agree: so a batch that is acknowledged is in whatever is read, however the indexes
 * changed places while it was written.
 */
import { decideWrites, type HeldRevision, type PlannedWrite } from '../decide-writes.ts';
import { nextTurn } from '../next-turn.ts';
import type { IndexOperation, OperationResult } from '../search-index.ts';
import { bulkItem, sendBulk, type BulkItem, type BulkSettings, type ItemResult } from './bulk-writer.ts';
import { unavailable } from './calls.ts';
import { buildingAlias, generationsOf } from './generations.ts';

/** An index changes behind its alias once in a while; a writer that meets it at every look has another trouble. */
const MAX_LOOKS = 6;

/**
 * Writes a batch, given what the active index holds of its ids.
 *
 * @throws LongshoreError `index_unavailable`, `unsupported`
 */
export async function writeEverywhere(
  settings: BulkSettings & { readonly name: string },
  operations: readonly IndexOperation[],
  held: ReadonlyMap<string, HeldRevision>,
): Promise<OperationResult[]> {
  const { results, writes } = decideWrites(operations, held);
  const answers = [...results];
  // What the active index has already may be missing from one that is being built.
  const newest = decideWrites(operations, new Map()).writes;
  const itemsOf = rememberedItems();
  const complete = new Set<string>();
  let before = await generationsOf(settings, settings.name);
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    const { active, building } = before;
    let items: ItemResult[] = [];
    if (!complete.has(active.uuid)) {
      items = await sendBulk(settings, settings.name, await itemsOf(writes));
      for (const [index, { at }] of writes.entries()) answers[at] = resultOf(items[index], answers[at]);
    }
    if (building !== undefined && !complete.has(building.uuid))
      items = [...items, ...(await sendBulk(settings, buildingAlias(settings.name), await itemsOf(newest)))];
    // No index comes back under its uuid: the same one before and after was there all the time.
    const after = await generationsOf(settings, settings.name);
    const isWhole = items.every(({ outcome }) => outcome !== 'no_index');
    if (isWhole && after.active.uuid === active.uuid) complete.add(active.uuid);
    if (isWhole && building !== undefined && after.building?.uuid === building.uuid)
      complete.add(building.uuid);
    const needed = [after.active, after.building].filter((each) => each !== undefined);
    if (needed.every(({ uuid }) => complete.has(uuid))) return answers;
    before = after;
  }
  throw unavailable(`the indexes behind "${settings.name}" changed ${MAX_LOOKS} times during one write`, {
    retryable: true,
  });
}

function resultOf(item: ItemResult | undefined, before: OperationResult | undefined): OperationResult {
  if (item?.outcome === 'failed')
    return { outcome: 'failed', reason: item.reason ?? 'OpenSearch refuses the document' };
  if (item?.outcome === 'overtaken') return { outcome: 'stale' };
  return before ?? { outcome: 'written' };
}

/** Makes each document's item once, however many indexes take it. */
function rememberedItems(): (writes: readonly PlannedWrite[]) => Promise<BulkItem[]> {
  const made = new Map<string, BulkItem>();
  return async (writes) => {
    const items: BulkItem[] = [];
    for (const write of writes) {
      const item = made.get(write.id) ?? bulkItem(write);
      made.set(write.id, item);
      items.push(item);
      await nextTurn();
    }
    return items;
  };
}
