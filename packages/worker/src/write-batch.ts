/** The writing of one batch: an outcome for each of its items, by halving where it fails as a whole. */
import { LongshoreError, isLongshoreError } from '@longshore/job';

/** What became of one item of a batch. */
export type RecordOutcome<Result> =
  | { readonly ok: true; readonly value: Result }
  | { readonly ok: false; readonly error: unknown };

/** Writes a batch. */
export type WriteBatch<Item, Result> = (
  items: readonly Item[],
  options: { readonly signal: AbortSignal },
) => Promise<readonly RecordOutcome<Result>[]>;

/** An item on its way. */
export interface BatchEntry<Item, Result> {
  readonly item: Item;
  readonly bytes: number;
  readonly isSettled: boolean;
  /** Tells the outcome to whoever waits; the first counts. */
  settle(outcome: RecordOutcome<Result>): void;
  /** Called when nobody waits for the item any more; the batch that it is written in listens. */
  onAbandoned: () => void;
}

/** Makes an entry. */
export function batchEntry<Item, Result>(
  item: Item,
  bytes: number,
  onSettled: (outcome: RecordOutcome<Result>) => void,
): BatchEntry<Item, Result> {
  let isSettled = false;
  return {
    item,
    bytes,
    get isSettled() {
      return isSettled;
    },
    settle(outcome) {
      if (isSettled) return;
      isSettled = true;
      onSettled(outcome);
    },
    onAbandoned: () => undefined,
  };
}

/** Writes a batch and tells each item its outcome. Never rejects. */
export async function writeBatch<Item, Result>(
  batch: readonly BatchEntry<Item, Result>[],
  options: {
    readonly write: WriteBatch<Item, Result>;
    readonly isDivisible?: (error: unknown) => boolean;
  },
): Promise<void> {
  const { write, isDivisible = mayBeOneItem } = options;
  const wanted = batch.filter(({ isSettled }) => !isSettled);
  if (wanted.length === 0) return;
  const abort = new AbortController();
  for (const entry of wanted)
    entry.onAbandoned = (): void => {
      if (wanted.every(({ isSettled }) => isSettled)) abort.abort();
    };
  try {
    const items = wanted.map(({ item }) => item);
    const outcomes = await write(items, { signal: abort.signal });
    for (const [index, entry] of wanted.entries()) entry.settle(outcomes[index] ?? noOutcome(index));
  } catch (error) {
    if (wanted.length > 1 && isDivisible(error)) {
      const half = wanted.length >> 1;
      await writeBatch(wanted.slice(0, half), options);
      await writeBatch(wanted.slice(half), options);
    } else for (const entry of wanted) entry.settle({ ok: false, error });
  }
}

function mayBeOneItem(error: unknown): boolean {
  return !(isLongshoreError(error) && error.retryable);
}

function noOutcome(index: number): RecordOutcome<never> {
  const message = `The batch was written without an outcome for its item ${index}: resolve with one per item`;
  return { ok: false, error: new LongshoreError('handler_failed', message, { retryable: true }) };
}
