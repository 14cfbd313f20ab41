/**
 * What a batch of operations does to documents whose held revisions are known. Pure: drivers without a row lock per
 * operation read what is held, decide here, and write one winner per id under a guard of their own.
 */
import type { IndexOperation, OperationResult } from './search-index.ts';
import { isDate } from './search-spec.ts';

/** What the index holds of an id. */
export interface HeldRevision {
  readonly revision: number;
  readonly isDeleted: boolean;
}

/** What a batch comes to. */
export interface WritePlan {
  /** By the place of the operation in the batch. */
  readonly results: readonly OperationResult[];
  /** The one operation to write for each id, with its place; sorted by id, so that two writers never block each other. */
  readonly writes: readonly PlannedWrite[];
}

/** An operation that has to be written. */
export interface PlannedWrite {
  readonly id: string;
  readonly at: number;
  readonly operation: IndexOperation;
}

const MAX_ID_CHARACTERS = 512;

/** Decides a batch, operation by operation, as if each had been written on its own. */
export function decideWrites(
  operations: readonly IndexOperation[],
  held: ReadonlyMap<string, HeldRevision>,
): WritePlan {
  const now = new Map(held);
  const writes = new Map<string, PlannedWrite>();
  const results = operations.map((operation, at): OperationResult => {
    const reason = faultOf(operation);
    if (reason !== undefined) return { outcome: 'failed', reason };
    const { id, revision } = operation.kind === 'put' ? operation.document : operation;
    const isDeleted = operation.kind === 'delete';
    const outcome = outcomeOf({ revision, isDeleted }, now.get(id));
    if (outcome === 'written') {
      now.set(id, { revision, isDeleted });
      writes.set(id, { id, at, operation });
    }
    return { outcome };
  });
  return { results, writes: [...writes.values()].sort((one, other) => (one.id < other.id ? -1 : 1)) };
}

/** A deletion wins over the document of the same revision: it can only have come later. */
export function outcomeOf(
  wanted: HeldRevision,
  held: HeldRevision | undefined,
): 'written' | 'unchanged' | 'stale' {
  if (held === undefined || held.revision < wanted.revision) return 'written';
  if (held.revision > wanted.revision) return 'stale';
  return wanted.isDeleted && !held.isDeleted ? 'written' : 'unchanged';
}

/** What is wrong with an operation, whatever the index holds. */
export function faultOf(operation: IndexOperation): string | undefined {
  const { id, revision } = operation.kind === 'put' ? operation.document : operation;
  if (id === '' || id.length > MAX_ID_CHARACTERS)
    return `The id has ${id.length} characters, expected 1 to ${MAX_ID_CHARACTERS}`;
  if (!Number.isSafeInteger(revision) || revision < 1)
    return `The revision is ${revision}, expected a whole number from 1`;
  const date = operation.kind === 'put' ? operation.document.date : undefined;
  if (date !== undefined && !isDate(date)) return `The date is "${date}", expected YYYY-MM-DD`;
  return undefined;
}
