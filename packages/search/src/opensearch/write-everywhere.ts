/**
 * Writes a batch to every index that must have it: the active one, and one that is being built. The aliases are looked at
 * before and after, until both looks agree: so a batch that is acknowledged is in whatever is read, however the indexes
 * changed places while it was written.
 */
import { decideWrites, type HeldRevision, type PlannedWrite } from '../decide-writes.ts';
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
  const itemOf = remembered(bulkItem);
  const complete = new Set<string>();
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    const { active, building } = await generationsOf(settings, settings.name);
    const isActiveDone = complete.has(active);
    if (isActiveDone && (building === undefined || complete.has(building))) return answers;
    if (!isActiveDone) {
      const items = await sendBulk(settings, settings.name, writes.map(itemOf));
      if (isIn(items, active)) complete.add(active);
      for (const [index, { at }] of writes.entries()) answers[at] = resultOf(items[index], answers[at]);
    }
    if (building !== undefined && !complete.has(building)) {
      const items = await sendBulk(settings, buildingAlias(settings.name), newest.map(itemOf));
      if (isIn(items, building)) complete.add(building);
    }
  }
  throw unavailable(`the indexes behind "${settings.name}" changed ${MAX_LOOKS} times during one write`, {
    retryable: true,
  });
}

/** A document that is refused is refused by each index alike; trying again would not end. */
function isIn(items: readonly ItemResult[], index: string): boolean {
  return items.every((item) => item.outcome === 'failed' || item.index === index);
}

function resultOf(item: ItemResult | undefined, before: OperationResult | undefined): OperationResult {
  if (item?.outcome === 'failed')
    return { outcome: 'failed', reason: item.reason ?? 'OpenSearch refuses the document' };
  if (item?.outcome === 'overtaken') return { outcome: 'stale' };
  return before ?? { outcome: 'written' };
}

function remembered(make: (write: PlannedWrite) => BulkItem): (write: PlannedWrite) => BulkItem {
  const made = new Map<string, BulkItem>();
  return (write) => {
    const known = made.get(write.id);
    if (known !== undefined) return known;
    const item = make(write);
    made.set(write.id, item);
    return item;
  };
}
